'use strict';
/** A bot on discord.js: what it asks for when it starts, and the everyday of a moderating bot. */
const assert = require('node:assert/strict');
const {
  ApplicationFlags,
  Client,
  EmbedBuilder,
  Events,
  GatewayIntentBits,
  PermissionFlagsBits,
} = require('discord.js');

const { BASE, BOT_TOKEN, GUILD_ID, CHANNEL_ID } = process.env;
const PATIENCE_MS = 20_000;

const bits = GatewayIntentBits;
const client = new Client({
  intents: [
    bits.Guilds,
    bits.GuildMembers,
    bits.GuildModeration,
    bits.GuildMessages,
    bits.GuildMessageReactions,
    bits.MessageContent,
  ],
  rest: { api: `${BASE}/api`, cdn: `${BASE}/cdn`, mediaProxy: `${BASE}/cdn` },
});

/** The next event that fits. To be asked for before what causes it. */
function next(event, fits = () => true) {
  return new Promise((resolve, reject) => {
    const end = setTimeout(() => reject(new Error(`no ${event}`)), PATIENCE_MS);
    const hear = (...heard) => {
      if (!fits(...heard)) return;
      clearTimeout(end);
      client.off(event, hear);
      resolve(heard);
    };
    client.on(event, hear);
  });
}

async function itself() {
  const application = await client.application.fetch();
  assert.equal(application.id, client.user.id);
  assert.ok(application.flags.has(ApplicationFlags.GatewayMessageContent));
  await application.edit({ description: 'Keeps the peace', tags: ['order'] });
  assert.equal((await client.application.fetch()).description, 'Keeps the peace');
  await application.commands.set([{ name: 'peace', description: 'Asks for it' }]);
  assert.equal((await application.commands.fetch()).size, 1);
  await client.user.setUsername('Constable');
}

async function room(guild) {
  assert.ok((await guild.fetchIntegrations()).size >= 1);
  assert.equal((await guild.stickers.fetch()).size, 0);
  assert.equal((await guild.scheduledEvents.fetch()).size, 0);
  assert.equal((await client.fetchVoiceRegions()).size, 1);
  assert.equal((await guild.fetchPreview()).id, guild.id);
  assert.equal((await guild.fetchOnboarding()).enabled, false);
  const members = await guild.members.fetch();
  assert.ok(members.has(client.user.id) && members.size > 1, `${members.size} members`);
}

async function order(guild) {
  const heard = next(Events.GuildRoleCreate, (role) => role.name === 'Warden');
  const role = await guild.roles.create({
    name: 'Warden',
    permissions: [PermissionFlagsBits.KickMembers],
    reason: 'grüße & more',
  });
  await heard;
  const somebody = guild.members.cache.find((member) => !member.user.bot && member.manageable);
  const given = next(Events.GuildMemberUpdate, (_, member) => member.roles.cache.has(role.id));
  await somebody.roles.add(role);
  await given;
  await somebody.timeout(60_000, 'calm down');
  await somebody.timeout(null);
  await role.delete();
  await guild.bans.create(somebody.id, { reason: 'enough' });
  assert.ok((await guild.bans.fetch()).has(somebody.id));
  await guild.bans.remove(somebody.id);
}

async function words(channel) {
  const text = `order! ${Date.now()}`;
  const heard = next(Events.MessageCreate, (message) => message.content === text);
  const embed = new EmbedBuilder().setTitle('Notice').setDescription('Be kind.').setColor(0x3366cc);
  const sent = await channel.send({ content: text, embeds: [embed] });
  await heard;
  const reply = await sent.reply('noted');
  assert.equal((await reply.fetchReference()).id, sent.id);
  const reacted = next(Events.MessageReactionAdd, (reaction) => reaction.message.id === sent.id);
  await sent.react('🦀');
  await reacted;
  await sent.reactions.removeAll();
  await sent.pin();
  await sent.unpin();
  const page = await channel.messages.fetch({ limit: 5 });
  assert.ok(page.has(sent.id));
  const gone = next(Events.MessageBulkDelete);
  await channel.bulkDelete([sent, reply]);
  await gone;
}

async function main() {
  const ready = next(Events.ClientReady);
  await client.login(BOT_TOKEN);
  await ready;
  const guild = client.guilds.cache.get(GUILD_ID);
  await itself();
  await room(guild);
  await order(guild);
  await words(guild.channels.cache.get(CHANNEL_ID));
  await client.destroy();
}

main().then(
  () => console.log('discord.js: all went well'),
  (error) => {
    console.error('discord.js:', error);
    process.exit(1);
  },
);
