/** The two answers for an installation behind a horizon, with trees that let some light through. */
import { decodeHorizon } from '../geo/horizon.js';
import { columnsOf, rowOf, variablesOf } from '../shared/model.js';
import { answer } from '../shared/runtime.js';
import { tableAnswer } from './table.js';

/**
 * Share of direct light through single crowns of urban trees, in leaf and bare: middles of the ranges that Konarska et al.
 * 2014 measured (Theoretical and Applied Climatology 117, 363: 1.3 to 5.3 % and 40.2 to 51.9 %).
 */
export const THROUGH_CROWN = { leaf: 0.03, bare: 0.46 };
const inLeaf = (month) => month >= 4 && month <= 9;
const throughTree = (evergreen) => (month) => (evergreen || inLeaf(month) ? THROUGH_CROWN.leaf : THROUGH_CROWN.bare);

const defaultOf = (cadastre, name, otherwise) => cadastre.inputs.find((input) => input.name === name)?.default ?? otherwise;

/** What stands on a plane in the cadastre. */
export function asOnRoof(cadastre, plane) {
  const p = plane.properties;
  return {
    tilt: p.tilt_deg,
    azimuth: p.azimuth_deg,
    power: p.power_kwp,
    ratio: defaultOf(cadastre, 'dc_ac_ratio', 1.15),
    mounting: defaultOf(cadastre, 'mounting', 1),
    albedo: defaultOf(cadastre, 'albedo', 0.2),
    // The highest byte may stand a hair above what the model was built for.
    horizon: decodeHorizon(p.horizon, cadastre.horizon.step_deg).map((elevation) => Math.min(elevation, 85)),
  };
}

/** `answer` is asked once for each layer of obstacles; light that trees let through is mixed month by month. */
async function throughTrees(roof, layers, answer) {
  let result = await answer({ ...roof, horizon: layers?.opaque ?? roof.horizon });
  for (const [name, evergreen] of [['evergreen', true], ['deciduous', false]]) {
    if (!layers?.[name]) continue;
    const behind = await answer({ ...roof, horizon: layers[name] });
    const share = throughTree(evergreen);
    const monthly = result.monthly.map((value, m) => share(m) * value + (1 - share(m)) * behind.monthly[m]);
    const yearly = monthly.reduce((sum, value) => sum + value, 0);
    const open = result.yearly / Math.max(1 - result.shading, 1e-9);
    result = { ...result, monthly, yearly, shading: Math.max(1 - yearly / Math.max(open, 1e-9), 0), inDomain: result.inDomain && behind.inDomain };
  }
  return result;
}

export async function byTable(table, roof, layers) {
  const repeats = 20; // one answer takes less than the clock of a browser tells
  const start = performance.now();
  let result;
  for (let k = 0; k < repeats; k++) result = await throughTrees(roof, layers, (asked) => tableAnswer(table, asked));
  return { ...result, ms: (performance.now() - start) / repeats };
}

/** The row of inputs that the model takes for an installation. */
export function inputRow(inputs, roof) {
  const columns = columnsOf(inputs);
  const values = { tilt_deg: roof.tilt, azimuth_deg: roof.azimuth, albedo: roof.albedo, dc_ac_ratio: roof.ratio, mounting: roof.mounting };
  const horizon = variablesOf(columns).find(({ name }) => name === 'horizon_deg');
  horizon.columns.forEach(({ name }, k) => {
    values[name] = roof.horizon[Math.round((Number(horizon.elements[k]) * horizon.columns.length) / 360)];
  });
  return rowOf(columns, values);
}

async function modelAnswer(model, roof) {
  const { values, inDomain } = await answer(model, inputRow(model.columns, roof));
  return { monthly: values.monthly_yield.value, yearly: values.yearly_yield.value[0], shading: values.shading_loss.value[0], inDomain };
}

export async function byModel(model, roof, layers) {
  const start = performance.now();
  const result = await throughTrees(roof, layers, (asked) => modelAnswer(model, asked));
  return { ...result, ms: performance.now() - start };
}
