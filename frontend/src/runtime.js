/** The audited model, by the WebAssembly build of onnxruntime-web. Nothing of it is loaded before it is asked for. */
import { address, fetchBytes, fetchUnpacked, once } from './data.js';

const asset = (name) => new URL(`assets/${name}`, document.baseURI).href;

const loadRuntime = () =>
  once('runtime', async () => {
    const [ort, binary] = await Promise.all([
      import(/* @vite-ignore */ asset(`ort-${__ORT__}.js`)),
      fetchUnpacked(asset(`ort-${__ORT__}.wasm.gz`)),
    ]);
    ort.env.wasm.wasmBinary = binary;
    ort.env.wasm.numThreads = 1; // threads would need headers that static hosts rarely send
    ort.env.wasm.proxy = false;
    return ort;
  });

export const loadModel = (file) =>
  once('model', async () => {
    const [ort, content] = await Promise.all([loadRuntime(), fetchBytes(address(file))]);
    const session = await ort.InferenceSession.create(new Uint8Array(content), { executionProviders: ['wasm'] });
    return { ort, session };
  });

/** The row of inputs that the model takes, columns as the cadastre lists them. */
export function inputRow(inputs, roof) {
  const known = { tilt_deg: roof.tilt, azimuth_deg: roof.azimuth, albedo: roof.albedo, dc_ac_ratio: roof.ratio, mounting: roof.mounting };
  const sectors = inputs.filter((input) => input.name.startsWith('horizon_'));
  const step = 360 / sectors.length;
  return Float32Array.from(inputs, (input) => {
    if (input.name.startsWith('horizon_')) return roof.horizon[Math.round(parseInt(input.name.slice(8), 10) / step)];
    return known[input.name] ?? input.default;
  });
}

export async function modelAnswer({ ort, session }, inputs, roof) {
  const row = inputRow(inputs, roof);
  const answer = await session.run({ inputs: new ort.Tensor('float32', row, [1, row.length]) });
  return {
    monthly: Array.from(answer.monthly_yield.data),
    yearly: answer.yearly_yield.data[0],
    shading: answer.shading_loss.data[0],
    inDomain: Boolean(answer.in_domain.data[0]),
  };
}
