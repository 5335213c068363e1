"""A bot on discord.py with a cog of commands, a menu, buttons, selects and a form; and a guest who
uses them as the page does."""

import asyncio
import os
import sys

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands

BASE = os.environ['BASE']
GUILD = discord.Object(int(os.environ['GUILD_ID']))
CHANNEL = os.environ['CHANNEL_ID']
PATIENCE = 60

discord.http.Route.BASE = f'{BASE}/api/v10'
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(BASE.replace('http', 'ws', 1) + '/gateway')
discord.asset.Asset.BASE = f'{BASE}/cdn'

failures: list[BaseException] = []


class Panel(discord.ui.View):
    @discord.ui.button(label='Press', style=discord.ButtonStyle.green, custom_id='press')
    async def press(self, interaction: discord.Interaction, button: discord.ui.Button) -> None:
        button.disabled = True
        await interaction.response.edit_message(content='Pressed in Python', view=self)

    @discord.ui.select(
        cls=discord.ui.Select,
        custom_id='pick',
        options=[discord.SelectOption(label='One', value='1'), discord.SelectOption(label='Two', value='2')],
    )
    async def pick(self, interaction: discord.Interaction, select: discord.ui.Select) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content=f'Picked {select.values[0]}', view=None)
        self.stop()


class Form(discord.ui.Modal, title='Who are you?'):
    name = discord.ui.TextInput(label='Name', custom_id='name', max_length=20)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f'You are {self.name.value} in Python')

    async def on_error(self, interaction: discord.Interaction, error: Exception) -> None:
        failures.append(error)


class Talk(commands.Cog):
    notes = app_commands.Group(name='notes', description='Keeps notes')

    @app_commands.command(description='Greets somebody')
    @app_commands.describe(whom='Whom to greet', times='How often')
    @app_commands.choices(times=[app_commands.Choice(name='once', value=1)])
    async def welcome(
        self, interaction: discord.Interaction, whom: discord.Member, times: app_commands.Choice[int]
    ) -> None:
        assert interaction.guild is not None and interaction.channel.id == int(CHANNEL)
        await interaction.response.send_message(f'Welcome {whom.display_name} {times.name}', view=Panel())
        sent = await interaction.original_response()
        assert sent.interaction_metadata.user == interaction.user

    @notes.command(description='Adds a note')
    async def add(self, interaction: discord.Interaction, text: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(f'Noted {text}')
        more = await interaction.followup.send('And noted again', ephemeral=True, wait=True)
        await more.edit(content='And again')
        await more.delete()
        await interaction.delete_original_response()
        await interaction.followup.send(f'All may know: {text}')

    @add.autocomplete('text')
    async def known(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f'{typed}?', value=typed)]

    @app_commands.command(description='Asks who you are')
    @app_commands.checks.cooldown(1, 1.0)
    async def ask(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())

    # Either way of calling it is common: behind the prefix and behind a slash.
    @commands.hybrid_command(description='Says it in both ways')
    async def both(self, context: commands.Context, *, text: str) -> None:
        await context.send(f'Both {text}')


class Bot(commands.Bot):
    async def setup_hook(self) -> None:
        await self.add_cog(Talk())
        self.tree.add_command(quote)
        self.tree.copy_global_to(guild=GUILD)
        synced = await self.tree.sync(guild=GUILD)
        assert {one.name for one in synced} == {'welcome', 'notes', 'ask', 'both', 'Quote'}, synced
        self.tree.on_error = self.failed

    async def failed(self, interaction: discord.Interaction, error: Exception) -> None:
        failures.append(error)


@app_commands.context_menu(name='Quote')
async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f'It says {message.content}')


is_up = asyncio.Event()
bot = Bot(command_prefix='!', intents=discord.Intents.default())


@bot.event
async def on_ready() -> None:
    is_up.set()


class Guest:
    """Somebody at the page."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.token = ''
        self.offers: list[dict] = []

    async def call(self, method: str, path: str, body: object = None) -> object:
        headers = {'Authorization': self.token} if self.token else {}
        async with self.session.request(method, f'{BASE}/api{path}', json=body, headers=headers) as answer:
            text = await answer.text()
            assert answer.ok, f'{method} {path}: {answer.status} {text}'
            return await answer.json() if text else None

    async def arrive(self) -> None:
        self.token = (await self.call('POST', '/osc/v1/guests', {'name': 'Pythonist'}))['token']
        await self.call('POST', f'/osc/v1/guilds/{GUILD.id}/join', {})
        found = await self.call('GET', f'/osc/v1/channels/{CHANNEL}/commands')
        own = str(bot.application_id)
        self.offers = [one for one in found['commands'] if one['application_id'] == own]

    async def does(self, kind: int, data: dict, **more: object) -> dict:
        path = f'/osc/v1/channels/{CHANNEL}/interactions'
        return await self.call('POST', path, {'type': kind, 'data': data, **more})

    async def uses(self, name: str, kind: int = 2, **data: object) -> dict:
        command = next(one['id'] for one in self.offers if one['name'] == name)
        return await self.does(kind, {'id': command, **data}, application_id=str(bot.application_id))

    async def reads(self, content: str) -> dict:
        for _ in range(150):
            page = await self.call('GET', f'/v10/channels/{CHANNEL}/messages?limit=20')
            found = next((one for one in page if one['content'] == content), None)
            if found:
                return found
            if failures:
                raise failures[0]
            await asyncio.sleep(0.1)
        raise TimeoutError(f'nobody said {content}')


def given(**options: object) -> list[dict]:
    return [{'name': name, 'value': value} for name, value in options.items()]


async def play(guest: Guest) -> None:
    await guest.arrive()
    await guest.uses('welcome', options=given(whom=str(bot.user.id), times=1))
    greeting = await guest.reads(f'Welcome {bot.user.display_name} once')
    assert greeting['type'] == 20 and greeting['webhook_id'] == str(bot.application_id), greeting
    await guest.does(3, {'custom_id': 'press'}, message_id=greeting['id'])
    pressed = await guest.reads('Pressed in Python')
    assert pressed['components'][0]['components'][0]['disabled'] is True, pressed
    await guest.does(3, {'custom_id': 'pick', 'values': ['2']}, message_id=greeting['id'])
    assert (await guest.reads('Picked 2'))['components'] == []

    typed = {'name': 'text', 'value': 'mil', 'focused': True}
    found = await guest.uses('notes', 4, options=[{'name': 'add', 'options': [typed]}])
    assert found['choices'] == [{'name': 'mil?', 'value': 'mil'}], found
    await guest.uses('notes', options=[{'name': 'add', 'options': given(text='milk')}])
    await guest.reads('All may know: milk')

    opened = await guest.uses('ask')
    form = opened['modal']
    values = {'name': 'Ann'}
    await guest.does(5, {'custom_id': form['custom_id'], 'values': values}, interaction_id=opened['id'])
    await guest.reads('You are Ann in Python')
    await guest.uses('both', options=given(text='ways'))
    await guest.reads('Both ways')
    await guest.uses('Quote', target_id=greeting['id'])
    await guest.reads('It says Picked 2')
    page = await guest.call('GET', f'/v10/channels/{CHANNEL}/messages?limit=50')
    assert not any('oted' in one['content'] for one in page), 'told to all'


async def main() -> None:
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
        running = asyncio.create_task(bot.start(os.environ['BOT_TOKEN']))
        try:
            ready = asyncio.create_task(is_up.wait())
            await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            await play(Guest(session))
            bot.tree.clear_commands(guild=GUILD)
            assert await bot.tree.sync(guild=GUILD) == []
        finally:
            await bot.close()
            await asyncio.gather(running, return_exceptions=True)


asyncio.run(main())
if failures:
    raise failures[0]
print('commands on discord.py: a cog, groups, suggestions, views, forms, menus', file=sys.stdout)
