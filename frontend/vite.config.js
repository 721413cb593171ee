import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

/** Packages that each page holds or loads. */
const PACKAGES = {
  cadastre: ['@mapbox/vector-tile', 'maplibre-gl', 'onnxruntime-web', 'pbf', 'pmtiles'],
  study: ['onnxruntime-web'],
};
/** Folders that pages share; a page is built from these and its own. */
const SHARED = ['shared', 'geo'];

const here = (path) => new URL(path, import.meta.url);
const built = (path) => here(`../frugal/web/pages/${path}`);
const read = (path) => readFileSync(here(`node_modules/${path}`));
const version = (name) => JSON.parse(read(`${name}/package.json`)).version;
const ORT = version('onnxruntime-web');
const MAPLIBRE = version('maplibre-gl');

const withoutSourceMap = (code) => code.toString().replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');

/** Files that a page loads by itself when it needs them, and what is told of it. They get endings that every server knows. */
function filesLoadedLater(page) {
  return {
    name: 'files-loaded-later',
    generateBundle() {
      const emit = (fileName, source) => this.emitFile({ type: 'asset', fileName, source });
      if (PACKAGES[page].includes('maplibre-gl')) {
        emit(`assets/map-worker-${MAPLIBRE}.js`, withoutSourceMap(read('maplibre-gl/dist/maplibre-gl-worker.mjs')));
      }
      emit('assets/licences.txt', licences(PACKAGES[page]));
      emit('assets/source.sha256', `${sourceHash(page)}\n`);
    },
    writeBundle: writeRuntime,
  };
}

/**
 * The runtime of the models, once for all pages: `frugal.web.built_pages` puts it into the assets of each. Its WebAssembly is
 * compressed because a static server rarely does it.
 */
function writeRuntime() {
  rmSync(built('runtime/'), { recursive: true, force: true });
  mkdirSync(built('runtime/'), { recursive: true });
  writeFileSync(built(`runtime/ort-${ORT}.js`), withoutSourceMap(read('onnxruntime-web/dist/ort.wasm.bundle.min.mjs')));
  writeFileSync(built(`runtime/ort-${ORT}.wasm.gz`), gzipSync(read('onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'), { level: 9 }));
}

/** Hash of what a page is built from; a test holds the built page against it, without Node. */
function sourceHash(page) {
  const names = [...SHARED, page].flatMap((folder) => readdirSync(here(`${folder}/`)).map((name) => `${folder}/${name}`));
  const digest = createHash('sha256');
  for (const name of [...names, 'package-lock.json', 'vite.config.js'].sort()) {
    digest.update(`${name}\0`).update(readFileSync(here(name))).update('\0');
  }
  return digest.digest('hex');
}

/** Licences of packages and of all that they need, as the lock file lists it. */
function licences(packages) {
  const locked = JSON.parse(readFileSync(here('package-lock.json'))).packages;
  const needed = new Set();
  const need = (name) => {
    const entry = locked[`node_modules/${name}`];
    if (!entry || needed.has(name)) return;
    needed.add(name);
    Object.keys(entry.dependencies ?? {}).forEach(need);
  };
  packages.forEach(need);
  return [...needed]
    .sort()
    .map((name) => {
      const { version: number, license } = locked[`node_modules/${name}`];
      const folder = here(`node_modules/${name}/`);
      if (!existsSync(folder)) return null;
      const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
      const text = file ? readFileSync(new URL(file, folder), 'utf8').trim() : license;
      return `${name} ${number} (${license})\n\n${text}\n`;
    })
    .filter(Boolean)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** `vite build --mode PAGE` builds that page. */
export default defineConfig(({ mode }) => {
  if (!(mode in PACKAGES)) throw new Error(`there is no page '${mode}'; there are: ${Object.keys(PACKAGES).join(', ')}`);
  return {
    root: fileURLToPath(here(mode)),
    base: './',
    define: { __ORT__: JSON.stringify(ORT), __MAPLIBRE__: JSON.stringify(MAPLIBRE) },
    build: {
      outDir: fileURLToPath(built(mode)),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: false,
      chunkSizeWarningLimit: 2000,
      target: 'es2022',
    },
    plugins: [filesLoadedLater(mode)],
  };
});
