/** Commands of bots: found behind a slash, filled in, answered; buttons, selects, forms. */
import { strict as assert } from 'node:assert';
import { Bot } from '../bot.mjs';
import { PHONE } from '../browser.mjs';

const option = (name, type, more = {}) => ({ name, type, description: `The ${name}`, ...more });

const COMMANDS = [
  {
    name: 'remind',
    description: 'Reminds you of something',
    options: [
      option('what', 3, { required: true }),
      option('when', 3, { required: true, autocomplete: true }),
      option('often', 4, { choices: [{ name: 'Once', value: 1 }] }),
    ],
  },
  { name: 'dice', description: 'Throws the dice' },
  { name: 'slow', description: 'Never says anything' },
  { name: 'Quote', type: 3 },
];

const button = (custom_id, label, style) => ({ type: 2, custom_id, label, style });
const DICE = {
  content: 'You threw a 4',
  components: [
    { type: 1, components: [button('again', 'Again', 1), button('name', 'Name it', 2)] },
    {
      type: 1,
      components: [
        {
          type: 3,
          custom_id: 'sides',
          placeholder: 'Sides',
          options: [
            { label: 'Six', value: '6' },
            { label: 'Twenty', value: '20' },
          ],
        },
      ],
    },
  ],
};
const FORM = {
  custom_id: 'naming',
  title: 'Name the dice',
  components: [
    {
      type: 1,
      components: [{ type: 4, custom_id: 'called', style: 1, label: 'Name', max_length: 20 }],
    },
  ],
};

const said = (content, flags = 0) => ({ type: 4, data: { content, flags } });
const given = (data, name) => data.options.find((one) => one.name === name).value;

const ANSWERS = {
  remind: ({ type, data }) =>
    type === 4
      ? { type: 8, data: { choices: [{ name: 'Tomorrow at nine', value: 'tomorrow' }] } }
      : said(`Noted for ${given(data, 'when')}: ${given(data, 'what')}`, 64),
  dice: () => ({ type: 5, later: DICE }),
  again: () => ({ type: 7, data: { content: 'You threw a 6' } }),
  sides: ({ data }) => ({ type: 7, data: { content: `A dice with ${data.values[0]} sides` } }),
  name: () => ({ type: 9, data: FORM }),
  naming: ({ data }) => said(`It is called ${data.components[0].components[0].value}`),
  Quote: ({ data }) => said(`“${Object.values(data.resolved.messages)[0].content}”`),
};

export const journeys = {
  'commands: a slash finds them, fields are filled in by key, the answer is ours alone': async (
    town,
  ) => {
    const ada = await town.owner('commander', 'Bridge');
    const { page } = ada;
    const bot = await Bot.join(town, ada, 'Helper', COMMANDS, ANSWERS);
    try {
      await ada.composer().fill('/');
      const list = page.getByRole('listbox', { name: 'Commands' });
      await list.getByRole('option', { name: '/remind' }).waitFor();
      await ada.shot('commands-list');
      await ada.composer().pressSequentially('rem');
      await list.getByRole('option', { name: '/dice' }).waitFor({ state: 'detached' });
      await ada.composer().press('Enter');
      const form = page.getByRole('dialog', { name: '/remind' });
      const what = form.getByLabel('what');
      await what.waitFor();
      await form.getByRole('button', { name: 'Use' }).click();
      await form.getByText('This is needed.').first().waitFor();
      await what.fill('tea');
      const when = form.getByRole('combobox', { name: 'when' });
      await when.fill('tom');
      await form.getByRole('option', { name: 'Tomorrow at nine' }).waitFor();
      await ada.shot('commands-form');
      await ada.axe('the fields of a command');
      await when.press('Enter');
      await when.press('Enter');
      await ada.sees('Noted for tomorrow: tea');
      await ada.sees('Only you can see this');
      await ada.shot('commands-ephemeral');
      assert.equal(await ada.composer().inputValue(), '');
      await page.getByRole('button', { name: 'Dismiss' }).click();
      await ada.seesNot('Noted for tomorrow');
    } finally {
      bot.leave();
    }
  },

  'commands: buttons, selects and forms in messages, and an app that says nothing': async (
    town,
  ) => {
    const ada = await town.owner('dicer', 'Casino', 'Private');
    const { page } = ada;
    const bot = await Bot.join(town, ada, 'Croupier', COMMANDS, ANSWERS);
    try {
      await ada.say('my words');
      await ada.sees('my words');
      await ada.composer().fill('/dice');
      await page.getByRole('option', { name: '/dice' }).waitFor();
      await ada.composer().press('Enter');
      await page
        .getByRole('dialog', { name: '/dice' })
        .getByRole('button', { name: 'Use' })
        .click();
      await ada.sees('You threw a 4');
      await ada.sees('used /dice');
      await ada.shot('commands-buttons');
      await ada.axe('buttons in a message');
      await page.getByRole('button', { name: 'Again' }).click();
      await ada.sees('You threw a 6');
      await page.getByRole('combobox', { name: 'Sides' }).selectOption('20');
      await ada.sees('A dice with 20 sides');
      await page.getByRole('button', { name: 'Name it' }).click();
      const form = page.getByRole('dialog', { name: 'Name the dice' });
      await form.getByLabel('Name', { exact: true }).fill('Fortuna');
      await ada.shot('commands-modal');
      await form.getByRole('button', { name: 'Send' }).click();
      await ada.sees('It is called Fortuna');
      await ada.act('my words', 'Apps');
      await page.getByRole('menuitem', { name: 'Quote' }).click();
      await ada.sees('“my words”');
      await ada.composer().fill('/slow');
      await page.getByRole('option', { name: '/slow' }).waitFor();
      await ada.composer().press('Enter');
      const slow = page.getByRole('dialog', { name: '/slow' });
      await slow.getByRole('button', { name: 'Use' }).click();
      await slow.getByText('This app did not respond in time.').waitFor();
      await slow.getByRole('button', { name: 'Cancel' }).click();
    } finally {
      bot.leave();
    }
  },

  'commands: without a bot a slash is only a slash; on a phone all can be reached': async (
    town,
  ) => {
    const ada = await town.owner('slasher', 'Plain', 'Private');
    await ada.say('/shrug');
    await ada.sees('/shrug');
    await ada.page.setViewportSize(PHONE.viewport ?? { width: 390, height: 844 });
    const bot = await Bot.join(town, ada, 'Pocket', COMMANDS, ANSWERS);
    try {
      await ada.page.reload();
      await ada.composer().waitFor();
      await ada.composer().fill('/rem');
      const one = ada.page.getByRole('option', { name: '/remind' });
      await one.waitFor();
      await one.click();
      await ada.page.getByRole('dialog', { name: '/remind' }).getByLabel('what').waitFor();
      await ada.shot('commands-phone');
    } finally {
      bot.leave();
    }
  },
};
