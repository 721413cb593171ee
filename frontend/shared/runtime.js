/** Answers of an ONNX model, by the WebAssembly build of onnxruntime-web. Nothing of it is loaded before it is asked for. */
import { beside, fetchBytes, fetchUnpacked, once } from './files.js';
import { answerOf, modelOf } from './model.js';

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

/** What the model tells of one row of inputs. */
export async function answer({ ort, session, outputs }, row) {
  return answerOf(outputs, await session.run({ inputs: new ort.Tensor('float32', row, [1, row.length]) }));
}
