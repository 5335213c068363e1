/** The first program of a bot, for each library: it says "pong" to "!ping". What differs from the
 *  library's own introduction is the address, and what it needs to take one. */

export interface Library {
  id: string;
  name: string;
  /** as code blocks name it */
  language: string;
  install: string;
  code: (origin: string) => string;
}

const host = (origin: string) => new URL(origin).host;
const plain = (origin: string) => new URL(origin).protocol === 'http:';
const gateway = (origin: string) => `${plain(origin) ? 'ws' : 'wss'}://${host(origin)}/gateway`;

/** eris knows only https on port 443; elsewhere it is led by an agent of its own. */
function reach(origin: string): string {
  const { hostname, port } = new URL(origin);
  if (!plain(origin) && !port) return '';
  const module = plain(origin) ? 'net' : 'tls';
  const name = plain(origin) ? '' : `, servername: '${hostname}'`;
  return `import https from 'node:https';
import ${module} from 'node:${module}';

class Reach extends https.Agent {
  createConnection() {
    return ${module}.connect({ host: '${hostname}', port: ${port || 80}${name} });
  }
}
`;
}

export const LIBRARIES: readonly Library[] = [
  {
    id: 'discordjs',
    name: 'discord.js',
    language: 'js',
    install: 'npm install discord.js',
    code: (origin) => `import { Client, GatewayIntentBits } from 'discord.js';

const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits;
const client = new Client({
  intents: [Guilds, GuildMessages, MessageContent],
  rest: { api: '${origin}/api', cdn: '${origin}/cdn', mediaProxy: '${origin}/cdn' },
});

client.on('messageCreate', async (message) => {
  if (message.content === '!ping') await message.reply('pong');
});

await client.login(process.env.BOT_TOKEN);`,
  },
  {
    id: 'discordpy',
    name: 'discord.py',
    language: 'python',
    install: 'pip install discord.py',
    code: (origin) => `import os

import discord
import yarl

discord.http.Route.BASE = '${origin}/api/v10'
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL('${gateway(origin)}')
discord.asset.Asset.BASE = '${origin}/cdn'

intents = discord.Intents.default()
intents.message_content = True
client = discord.Client(intents=intents)


@client.event
async def on_message(message):
    if message.content == '!ping':
        await message.reply('pong')


client.run(os.environ['BOT_TOKEN'])`,
  },
  {
    id: 'hikari',
    name: 'hikari',
    language: 'python',
    install: 'pip install hikari',
    code: (origin) => `import os

import hikari

bot = hikari.GatewayBot(
    os.environ['BOT_TOKEN'],
    intents=hikari.Intents.ALL_UNPRIVILEGED | hikari.Intents.MESSAGE_CONTENT,
    rest_url='${origin}/api/v10',
)


@bot.listen()
async def on_message(event: hikari.MessageCreateEvent) -> None:
    if event.content == '!ping':
        await event.message.respond('pong')


bot.run(check_for_updates=False)`,
  },
  {
    id: 'twilight',
    name: 'twilight',
    language: 'rust',
    install: 'cargo add twilight-gateway twilight-http twilight-model tokio --features tokio/full',
    code: (origin) => `use twilight_gateway::{
    ConfigBuilder, EventTypeFlags, Intents, Shard, ShardId, StreamExt as _,
};
use twilight_http::Client;
use twilight_model::gateway::event::Event;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token = std::env::var("BOT_TOKEN")?;
    let http = Client::builder()
        .token(token.clone())
        .proxy("${host(origin)}".to_owned(), ${plain(origin)})
        .ratelimiter(None)
        .build();
    let intents = Intents::GUILD_MESSAGES | Intents::MESSAGE_CONTENT;
    let config = ConfigBuilder::new(token, intents)
        .proxy_url("${gateway(origin)}".to_owned())
        .build();
    let mut shard = Shard::with_config(ShardId::ONE, config);
    while let Some(event) = shard.next_event(EventTypeFlags::all()).await {
        if let Ok(Event::MessageCreate(message)) = event
            && message.content == "!ping"
        {
            http.create_message(message.channel_id).reply(message.id).content("pong").await?;
        }
    }
    Ok(())
}`,
  },
  {
    id: 'serenity',
    name: 'serenity',
    language: 'rust',
    install: 'cargo add serenity tokio --features tokio/full',
    code: (origin) => `use serenity::{all::*, async_trait};

struct Handler;

#[async_trait]
impl EventHandler for Handler {
    async fn message(&self, context: Context, message: Message) {
        if message.content == "!ping" {
            let _ = message.reply(&context.http, "pong").await;
        }
    }
}

#[tokio::main]
async fn main() -> serenity::Result<()> {
    let token = std::env::var("BOT_TOKEN").expect("BOT_TOKEN");
    let intents = GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT;
    // With its own rate limiter the address is ignored.
    let http = HttpBuilder::new(&token).proxy("${origin}").ratelimiter_disabled(true).build();
    let mut client =
        ClientBuilder::new_with_http(http, intents).event_handler(Handler).await?;
    client.start().await
}`,
  },
  {
    id: 'oceanic',
    name: 'oceanic.js',
    language: 'js',
    install: 'npm install oceanic.js',
    code: (origin) => `import { Client } from 'oceanic.js';

const client = new Client({
  auth: \`Bot \${process.env.BOT_TOKEN}\`,
  rest: { baseURL: '${origin}/api/v10' },
  gateway: { intents: ['GUILDS', 'GUILD_MESSAGES', 'MESSAGE_CONTENT'] },
});

client.on('messageCreate', async (message) => {
  if (message.content !== '!ping') return;
  await client.rest.channels.createMessage(message.channelID, { content: 'pong' });
});
client.on('error', console.error);

client.connect();`,
  },
  {
    id: 'eris',
    name: 'eris',
    language: 'js',
    install: 'npm install eris',
    code: (origin) => `import Eris from 'eris';
${reach(origin)}
const bot = new Eris.Client(\`Bot \${process.env.BOT_TOKEN}\`, {
  intents: ['guilds', 'guildMessages', 'messageContent'],
  rest: { domain: '${host(origin)}', baseURL: '/api/v10'${
    reach(origin) ? ', agent: new Reach()' : ''
  } },
});

bot.on('messageCreate', async (message) => {
  if (message.content === '!ping') await bot.createMessage(message.channel.id, 'pong');
});
bot.on('error', console.error);

bot.connect();`,
  },
  {
    id: 'jda',
    name: 'JDA',
    language: 'java',
    install: 'implementation("net.dv8tion:JDA:6.+")',
    code: (origin) => `import net.dv8tion.jda.api.JDABuilder;
import net.dv8tion.jda.api.events.message.MessageReceivedEvent;
import net.dv8tion.jda.api.hooks.ListenerAdapter;
import net.dv8tion.jda.api.requests.GatewayIntent;
import net.dv8tion.jda.api.requests.RestConfig;
import net.dv8tion.jda.api.utils.ConcurrentSessionController;

public class Bot extends ListenerAdapter {
  public static void main(String[] args) {
    JDABuilder.createLight(System.getenv("BOT_TOKEN"),
            GatewayIntent.GUILD_MESSAGES, GatewayIntent.MESSAGE_CONTENT)
        .setRestConfig(new RestConfig().setBaseUrl("${origin}/api/v10/"))
        .setSessionController(new ConcurrentSessionController() {
          @Override public String getGateway() {
            return "${gateway(origin)}";
          }
        })
        .addEventListeners(new Bot())
        .build();
  }

  @Override public void onMessageReceived(MessageReceivedEvent event) {
    if (event.getMessage().getContentRaw().equals("!ping")) {
      event.getMessage().reply("pong").queue();
    }
  }
}`,
  },
];
