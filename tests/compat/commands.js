'use strict';
/** A bot on discord.js with commands, suggestions, buttons, selects and forms; and a guest who uses
 *  them as the page does. */
const assert = require('node:assert/strict');
const {
  ActionRowBuilder,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ButtonBuilder,
  ButtonStyle,
  Client,
  Events,
  GatewayIntentBits,
  MessageFlags,
  ModalBuilder,
  StringSelectMenuBuilder,
  TextInputBuilder,
  TextInputStyle,
} = require('discord.js');

const { BASE, BOT_TOKEN, GUILD_ID, CHANNEL_ID } = process.env;
const PATIENCE_MS = 60_000;

const client = new Client({
  intents: [GatewayIntentBits.Guilds],
  rest: { api: `${BASE}/api`, cdn: `${BASE}/cdn`, mediaProxy: `${BASE}/cdn` },
});
const failures = [];

const ANSWERS = {
  async greet(interaction) {
    const whom = interaction.options.getUser('whom', true);
    const go = new ButtonBuilder().setCustomId('go').setLabel('Go').setStyle(ButtonStyle.Primary);
    const pick = new StringSelectMenuBuilder()
      .setCustomId('pick')
      .addOptions({ label: 'A', value: 'a' }, { label: 'B', value: 'b' });
    const rows = [go, pick].map((one) => new ActionRowBuilder().addComponents(one));
    await interaction.reply({
      content: `Hello ${whom.username}`,
      components: rows,
    });
    const sent = await interaction.fetchReply();
    assert.equal(sent.interactionMetadata.user.id, interaction.user.id);
  },
  async think(interaction) {
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    await interaction.editReply('Thought');
    const more = await interaction.followUp({
      content: 'And more',
      flags: MessageFlags.Ephemeral,
    });
    await interaction.editReply({ message: more, content: 'And even more' });
    await interaction.deleteReply(more);
  },
  async tell(interaction) {
    const name = new TextInputBuilder()
      .setCustomId('name')
      .setLabel('Name')
      .setStyle(TextInputStyle.Short);
    const modal = new ModalBuilder().setCustomId('form').setTitle('Who are you?');
    await interaction.showModal(modal.addComponents(new ActionRowBuilder().addComponents(name)));
  },
  async Inspect(interaction) {
    await interaction.reply(`It says ${interaction.targetMessage.content}`);
  },
};

client.on(Events.InteractionCreate, async (interaction) => {
  try {
    assert.equal(interaction.guildId, GUILD_ID);
    if (interaction.isAutocomplete()) {
      const typed = interaction.options.getFocused();
      await interaction.respond([{ name: `${typed}!`, value: typed }]);
    } else if (interaction.isCommand()) {
      await ANSWERS[interaction.commandName](interaction);
    } else if (interaction.isButton()) {
      await interaction.update({ content: 'Pressed' });
    } else if (interaction.isStringSelectMenu()) {
      await interaction.deferUpdate();
      await interaction.editReply({
        content: `Picked ${interaction.values}`,
        components: [],
      });
    } else if (interaction.isModalSubmit()) {
      await interaction.reply(`You are ${interaction.fields.getTextInputValue('name')}`);
    }
  } catch (error) {
    failures.push(error);
  }
});

/** A call of the guest's. */
let token = '';
async function call(method, path, body) {
  const headers = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = token;
  const answer = await fetch(`${BASE}/api${path}`, {
    method,
    headers,
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

const deeds = `/osc/v1/channels/${CHANNEL_ID}/interactions`;
const history = async () => call('GET', `/v10/channels/${CHANNEL_ID}/messages?limit=10`);

async function until(what, found) {
  const end = Date.now() + 15_000;
  while (Date.now() < end) {
    const value = await found();
    if (value) return value;
    if (failures.length) throw failures[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no ${what}`);
}

const says = (content) =>
  until(content, async () => (await history()).find((one) => one.content === content));

async function play() {
  token = (await call('POST', '/osc/v1/guests', { name: 'Commander' })).token;
  await call('POST', `/osc/v1/guilds/${GUILD_ID}/join`, {});
  const all = await call('GET', `/osc/v1/channels/${CHANNEL_ID}/commands`);
  const own = all.commands.filter((one) => one.application_id === client.application.id);
  const named = (name) => own.find((one) => one.name === name).id;
  const use = (name, more = {}, type = 2) =>
    call('POST', deeds, {
      type,
      application_id: client.application.id,
      data: { id: named(name), ...more },
    });

  const typed = [{ name: 'song', value: 'la', focused: true }];
  const suggested = await use('think', { options: typed }, 4);
  assert.deepEqual(suggested.choices, [{ name: 'la!', value: 'la' }]);

  const whom = [{ name: 'whom', value: client.user.id }];
  assert.equal((await use('greet', { options: whom })).state, 'answered');
  const greeting = await says(`Hello ${client.user.username}`);
  assert.equal(greeting.type, 20);
  const press = (custom_id, values) =>
    call('POST', deeds, {
      type: 3,
      message_id: greeting.id,
      data: { custom_id, values },
    });
  assert.equal((await press('go')).state, 'answered');
  await says('Pressed');
  assert.equal((await press('pick', ['b'])).state, 'answered');
  await says('Picked b');

  assert.equal((await use('think')).state, 'answered');
  const opened = await use('tell');
  assert.equal(opened.modal.custom_id, 'form');
  const data = { custom_id: 'form', values: { name: 'Ann' } };
  await call('POST', deeds, { type: 5, interaction_id: opened.id, data });
  await says('You are Ann');
  await use('Inspect', { target_id: greeting.id });
  await says('It says Picked b');
  assert.ok(
    (await history()).every((one) => !/more|Thought/.test(one.content)),
    'told to all',
  );
}

async function main() {
  const late = setTimeout(() => {
    console.error('not done in time', failures);
    process.exit(1);
  }, PATIENCE_MS);
  const ready = new Promise((resolve) => client.once(Events.ClientReady, resolve));
  await client.login(BOT_TOKEN);
  await ready;
  const { String: text, User } = ApplicationCommandOptionType;
  const option = (name, type, more) => ({
    name,
    type,
    description: name,
    ...more,
  });
  await client.application.commands.set(
    [
      {
        name: 'greet',
        description: 'Greets',
        options: [option('whom', User, { required: true })],
      },
      {
        name: 'think',
        description: 'Thinks',
        options: [option('song', text, { autocomplete: true })],
      },
      { name: 'tell', description: 'Asks' },
      { name: 'Inspect', type: ApplicationCommandType.Message },
    ],
    GUILD_ID,
  );
  await play();
  // What came last is answered before its check is over.
  await new Promise((resolve) => setTimeout(resolve, 500));
  if (failures.length) throw failures[0];
  await client.application.commands.set([], GUILD_ID);
  await client.destroy();
  clearTimeout(late);
  console.log('commands: suggestions, answers, buttons, selects, forms');
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
