"""A bot on discord.py: what it asks for when it starts, and the everyday of a bot with commands."""

import asyncio
import os
import sys

import discord
import yarl
from discord.ext import commands

BASE = os.environ['BASE']
PATIENCE = 20

discord.http.Route.BASE = f'{BASE}/api/v10'
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(BASE.replace('http', 'ws', 1) + '/gateway')
discord.asset.Asset.BASE = f'{BASE}/cdn'

bot = commands.Bot(command_prefix='!', intents=discord.Intents.all())
outcome = asyncio.Event()
failure: list[BaseException] = []


@bot.command()
async def echo(context: commands.Context, *, text: str) -> None:
    await context.reply(text)


async def itself() -> None:
    info = await bot.application_info()
    assert info.id == bot.user.id and info.flags.gateway_message_content, info
    edited = await info.edit(description='Says it again', tags=['echo'])
    assert edited.description == 'Says it again', edited


async def room(guild: discord.Guild) -> None:
    assert any(one.type == 'discord' for one in await guild.integrations())
    assert await guild.fetch_stickers() == []
    assert await guild.fetch_scheduled_events() == []
    assert (await guild.onboarding()).enabled is False
    assert (await bot.fetch_guild_preview(guild.id)).id == guild.id
    assert guild.chunked and guild.member_count == len(guild.members) > 1
    template = [member async for member in guild.fetch_members(limit=10)]
    assert len(template) > 1


async def words(channel: discord.TextChannel) -> None:
    def answers(message: discord.Message) -> bool:
        return message.author == bot.user and message.content == 'hello there'

    # Its own messages run no commands: the context is made as if somebody else had written.
    sent = await channel.send('!echo hello there', embed=discord.Embed(title='Look', colour=0x3366CC))
    context = await bot.get_context(sent)
    heard = asyncio.create_task(bot.wait_for('message', check=answers, timeout=PATIENCE))
    await asyncio.sleep(0)
    context.command = echo
    context.view.skip_string('!echo ')
    await echo.callback(context, text='hello there')
    answer = await heard
    assert answer.reference.message_id == sent.id
    await sent.add_reaction('🦀')
    fresh = await channel.fetch_message(sent.id)
    assert [str(one.emoji) for one in fresh.reactions] == ['🦀'], fresh.reactions
    await sent.clear_reactions()
    await sent.pin(reason='to be seen')
    assert sent.id in [message.id async for message in channel.pins()]
    await sent.edit(content='edited')
    await channel.delete_messages([sent, answer])


async def places(guild: discord.Guild) -> None:
    channel = await guild.create_text_channel('by-python', reason='grüße', topic='made by a bot')
    everyone = guild.default_role
    await channel.set_permissions(everyone, send_messages=False)
    invite = await channel.create_invite(max_age=600)
    assert (await bot.fetch_invite(invite.code)).guild.id == guild.id
    await invite.delete()
    role = await guild.create_role(name='Snake', colour=discord.Colour(0x336699))
    await guild.me.add_roles(role)
    await role.delete()
    await channel.delete()


@bot.event
async def on_ready() -> None:
    try:
        guild = bot.get_guild(int(os.environ['GUILD_ID']))
        await itself()
        await room(guild)
        await words(guild.get_channel(int(os.environ['CHANNEL_ID'])))
        await places(guild)
    except BaseException as error:  # noqa: BLE001 (all of it is told below)
        failure.append(error)
    await bot.close()


async def main() -> None:
    async with asyncio.timeout(3 * PATIENCE):
        await bot.start(os.environ['BOT_TOKEN'])


asyncio.run(main())
if failure:
    raise failure[0]
print('discord.py: all went well', file=sys.stdout)
