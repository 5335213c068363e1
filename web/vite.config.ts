/** Builds the page: hashed assets, each with its .br and .gz, so that the server need not. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const CORE =
  /node_modules\/(svelte|esm-env|clsx)|src\/(model|net|action)\/|src\/lib\/(i18n|snowflake|time)|ui\/kit\/Avatar|ui\/(?!shortcut|reorder|swipe|copy|panes)[a-z.]+\.ts$/;
const server = process.env.OSC_DEV_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte(), svelteTesting(), themeScript(), icons(), serviceWorker(), precompress()],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // data: URLs would need holes in the content security policy
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What every screen needs in one file: fewer requests before the first word.
        codeSplitting: {
          groups: [{ name: 'core', test: CORE }],
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
