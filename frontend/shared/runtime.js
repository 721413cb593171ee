/**
 * Answers of a model: by its own JavaScript (model.js of a bundle, frugal/surrogates/javascript), else by its graph in the WebAssembly
 * build of onnxruntime-web. Nothing of that is loaded before a graph is asked for.
 */
import { beside, fetchBytes, fetchUnpacked, once } from './files.js';
import { answerOf, described, modelOf } from './model.js';

/** How model.js is written. */
const FORMAT = /^frugal-javascript\//;

const loadRuntime = () =>
  once('runtime', async () => {
    const [ort, binary] = await Promise.all([
      import(/* @vite-ignore */ beside(`assets/ort-${__ORT__}.js`)),
      fetchUnpacked(beside(`assets/ort-${__ORT__}.wasm.gz`)),
    ]);
    ort.env.wasm.wasmBinary = binary;
    ort.env.wasm.numThreads = 1; // threads would need headers that static hosts rarely send
    ort.env.wasm.proxy = false;
    return ort;
  });

/** The model at an address, with what `answer` needs to ask it. */
export const loadModel = (url) =>
  once(`model ${url}`, async () => {
    const [ort, content] = await Promise.all([loadRuntime(), fetchBytes(url)]);
    const model = modelOf(new Uint8Array(content));
    const session = await ort.InferenceSession.create(new Uint8Array(content), { executionProviders: ['wasm'] });
    return { ...model, bytes: content.byteLength, ort, session };
  });

/** The model in the module at an address, with what `answer` needs to ask it. */
export const loadScript = (url) =>
  once(`script ${url}`, async () => {
    const script = await import(/* @vite-ignore */ url);
    if (!FORMAT.test(script.format)) throw new Error(`${url} is no answer of frugal`);
    const [loaded] = performance.getEntriesByName(url);
    return { ...described(script.study, script.candidate, script.level), sources: script.study.sources ?? [], bytes: loaded?.decodedBodySize ?? 0, script };
  });

/** What the model tells of one row of inputs. */
export async function answer({ script, ort, session, outputs, inputType }, row) {
  if (script) {
    const told = Object.entries(script.answer(row)).map(([name, data]) => [name, { data }]);
    return answerOf(outputs, Object.fromEntries(told));
  }
  const taken = inputType === 'float64' ? row : Float32Array.from(row);
  return answerOf(outputs, await session.run({ inputs: new ort.Tensor(inputType, taken, [1, row.length]) }));
}
