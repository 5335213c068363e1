/** Builds the page: hashed assets, each with its .br and .gz, so that the server need not. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// What the main page and every room draw, and what every room does, with what these import.
const SHARED =
  /kit\/Avatar|shell\/ThemeSwitch|lib\/cdn|ui\/(place|attention|remembered)|icons\/(plus|check|search)\.svelte/;
const ROOM =
  /ui\/(shell\/(Shell|BackButton|PlainPage)|channels\/ChannelRow|chat\/MessageList)\.svelte$|lib\/shelf/;
// What is small and wanted in many places that come later. Each would be a file of its own, and every
// file that asks for one of those places would have to name it.
const OUTSIDE = /lib\/guest_name|guilds\/HaveAccount|kit\/form\.svelte\.ts|action\/(account|guest)/;
const RESIDENT = /ui\/(resident|shortcut)\.ts|notify\/(Notifier|looking)|action\/notification\.ts/;
const FORM =
  /kit\/(Field|LongField|SelectField|Switch|SaveBar|draft)|settings\/(Section|PictureField|EditForm)|ListDetail/;
const PIECE = /icons\/|ui\/copy|shell\/(CopyId|Fetched)|lib\/fuzzy/;
const server = process.env.OSC_DEV_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [
    plainIcons(),
    svelte(),
    svelteTesting(),
    themeScript(),
    icons(),
    serviceWorker(),
    precompress(),
  ],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // data: URLs would need holes in the content security policy
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      // Nobody makes custom elements here; Svelte's class for them would be kept for its own sake.
      treeshake: { moduleSideEffects: [{ test: /custom-element\.js$/, sideEffects: false }] },
      output: {
        // What the first file imports, in one file: fewer requests before the first word, and
        // nothing in it that only a later screen needs.
        codeSplitting: {
          groups: [
            { name: 'core', tags: ['$initial'], priority: 3 },
            { name: 'shared', test: SHARED, priority: 2 },
            { name: 'room', test: ROOM, priority: 1 },
            { name: 'chat', test: /chat\/ChatPane\.svelte$/, priority: 0.5 },
            { name: 'inside', test: /guilds\/GuildScreen\.svelte$/, priority: 0.1 },
            { name: 'warm', test: /action\/warm\.ts$/, priority: 0.07 },
            { name: 'resident', test: RESIDENT, priority: 0.06 },
            { name: 'outside', test: OUTSIDE, priority: 0.05 },
            { name: 'form', test: FORM, priority: 0.04 },
            { name: 'piece', test: PIECE, minShareCount: 2, priority: 0.01 },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': server,
      '/cdn': server,
      '/.well-known': server,
      '/gateway': { target: server, ws: true },
    },
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
});

/** Icons are plain pictures here, so each becomes one: the library's own component works out every
 *  attribute anew for each icon that is drawn. */
function plainIcons(): Plugin {
  const look =
    'class="lucide" xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24" fill="none" ' +
    'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
  const attributes = (of: Record<string, string>) =>
    Object.entries(of).map(([name, value]) => ` ${name}="${value}"`);
  return {
    name: 'plain-icons',
    enforce: 'pre',
    transform(source, id) {
      if (!/lucide\/svelte\/dist\/icons\/[^/]+\.svelte$/.test(id)) return null;
      const data = /const iconData = (\{.*\});/.exec(source)?.[1];
      if (!data) throw new Error(`the icon ${id} is written in another way now`);
      const { node } = JSON.parse(data) as { node: [string, Record<string, string>][] };
      const shapes = node.map(([tag, of]) => `<${tag}${attributes(of).join('')} />`);
      return { code: `<svg ${look} aria-hidden="true">${shapes.join('')}</svg>`, map: null };
    },
  };
}

/** The theme has to be set before the first paint, and the policy forbids inline scripts: a tiny
 *  classic script of its own, hashed like every other asset. */
function themeScript(): Plugin {
  const source = readFileSync(new URL('./src/theme.js', import.meta.url), 'utf8');
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 8);
  const fileName = `assets/theme-${hash}.js`;
  return {
    name: 'theme-script',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName, source });
    },
    transformIndexHtml: {
      order: 'post',
      handler: (_html, context) => [
        {
          tag: 'script',
          attrs: { src: context.bundle ? `/${fileName}` : '/src/theme.js' },
          injectTo: 'head-prepend',
        },
      ],
    },
  };
}

/** Pictures of an installed page: the server's manifest names them, so their names stay. */
function icons(): Plugin {
  return {
    name: 'icons',
    generateBundle() {
      for (const name of ['icon-192', 'icon-512', 'icon-maskable-512']) {
        const source = readFileSync(new URL(`./src/assets/${name}.png`, import.meta.url));
        this.emitFile({ type: 'asset', fileName: `assets/${name}.png`, source });
      }
    },
  };
}

/** The worker knows the build it belongs to: its files, and a stamp that changes with any of them.
 *  Their names carry hashes, so the names say it all. */
function serviceWorker(): Plugin {
  return {
    name: 'service-worker',
    apply: 'build',
    enforce: 'post',
    writeBundle: {
      order: 'post',
      sequential: true,
      handler(options) {
        const folder = options.dir ?? 'dist';
        const files = readdirSync(join(folder, 'assets'))
          .filter((name) => /\.(js|css|woff2|svg)$/.test(name))
          .sort()
          .map((name) => `/assets/${name}`);
        const stamp = createHash('sha256').update(files.join()).digest('hex').slice(0, 12);
        const source = readFileSync(new URL('./src/service_worker.js', import.meta.url), 'utf8');
        const build = JSON.stringify({ stamp, files });
        writeFileSync(join(folder, 'sw.js'), source.replace('self.__BUILD__', build));
      },
    },
  };
}

/** From the written files, not from the bundle: the bundler still changes chunks after the last
 *  hook that sees them, and the compressed form must be the same file. */
function precompress(): Plugin {
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  return {
    name: 'precompress',
    apply: 'build',
    enforce: 'post',
    writeBundle: {
      order: 'post',
      sequential: true,
      handler(options) {
        const folder = options.dir ?? 'dist';
        for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
          if (!/\.(js|css|html|svg|json)$/.test(name)) continue;
          const path = join(folder, name);
          const text = readFileSync(path);
          writeFileSync(`${path}.br`, brotliCompressSync(text, brotli));
          writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }));
        }
      },
    },
  };
}
