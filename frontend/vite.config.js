import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

const read = (path) => readFileSync(new URL(`node_modules/${path}`, import.meta.url));
const version = (name) => JSON.parse(read(`${name}/package.json`)).version;
const ORT = version('onnxruntime-web');
const MAPLIBRE = version('maplibre-gl');

const withoutSourceMap = (code) => code.toString().replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');

/**
 * Files that the page loads by itself when it needs them: the worker of the map, and the runtime of the model with its
 * WebAssembly, compressed because a static server rarely does it. They get the ending .js, which every server knows.
 */
function filesLoadedLater() {
  return {
    name: 'files-loaded-later',
    generateBundle() {
      const emit = (fileName, source) => this.emitFile({ type: 'asset', fileName, source });
      emit(`assets/map-worker-${MAPLIBRE}.js`, withoutSourceMap(read('maplibre-gl/dist/maplibre-gl-worker.mjs')));
      emit(`assets/ort-${ORT}.js`, withoutSourceMap(read('onnxruntime-web/dist/ort.wasm.bundle.min.mjs')));
      emit(`assets/ort-${ORT}.wasm.gz`, gzipSync(read('onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'), { level: 9 }));
      emit('assets/licences.txt', licences());
      emit('assets/source.sha256', `${sourceHash()}\n`);
    },
  };
}

/** Hash of what this page is built from; a test holds the built page against it, without Node. */
function sourceHash() {
  const names = readdirSync(new URL('src/', import.meta.url)).map((name) => `src/${name}`);
  const digest = createHash('sha256');
  for (const name of [...names, 'index.html', 'package-lock.json', 'vite.config.js'].sort()) {
    digest.update(`${name}\0`).update(readFileSync(new URL(name, import.meta.url))).update('\0');
  }
  return digest.digest('hex');
}

/** Licences of everything that goes into the page, as the lock file lists it. */
function licences() {
  const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', import.meta.url)));
  const names = Object.keys(packages).filter((name) => name.startsWith('node_modules/') && !packages[name].dev);
  return names
    .map((name) => {
      const folder = new URL(`${name}/`, import.meta.url);
      if (!existsSync(folder)) return null;
      const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
      const text = file ? readFileSync(new URL(file, folder), 'utf8').trim() : packages[name].license;
      return `${name.slice('node_modules/'.length)} ${packages[name].version} (${packages[name].license})\n\n${text}\n`;
    })
    .filter(Boolean)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

export default defineConfig({
  base: './',
  define: { __ORT__: JSON.stringify(ORT), __MAPLIBRE__: JSON.stringify(MAPLIBRE) },
  build: {
    outDir: '../frugal/web/pages/cadastre',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 2000,
    target: 'es2022',
  },
  plugins: [filesLoadedLater()],
});
