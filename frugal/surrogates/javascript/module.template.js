// The answers of {candidate} of the study {study}, without any runtime: written by frugal from the graph that the digest names.
export const format = '{format}';
export const graph = '{digest}';
export const candidate = {candidate_text};
export const level = {level};
export const study = {study_text};
/** The numbers of a row, in their order. */
export const columns = study.inputs.flatMap(({ name, dims = [], coords = {}, low, high, choices = [], default: given }) =>
  dims.reduce((known, dim) => known.flatMap((at) => coords[dim].map((one) => [...at, one])), [[]])
    .map((at, k) => ({ variable: name, k, name: dims.length ? `${name}[${at}]` : name, low, high, choices,
      start: (Array.isArray(given) ? given[k] : given) ?? (choices.length ? low : (low + high) / 2) })));
{numbers}const f = Math.fround;
{helpers}const x = new {row_type}({width});
{once}
/** What the graph answers to one row of numbers, by name: flat arrays. */
export function answer(row) {
x.set(row);
{each}
return {outputs};
}
/**
 * What is answered to inputs by name; those that are left out are as the study has them. A choice is its name or number, a vector
 * an array, one number for all, or by element: 'name[element]'. Units and bounds stand in `study`. Outside the domain the
 * numbers mean little, and `in_domain` is false.
 */
export function predict(inputs = {}) {
  for (const name in inputs) {
    if (!columns.some((column) => column.variable === name || column.name === name)) throw new RangeError(`no input '${name}'; there are: ${study.inputs.map((input) => input.name).join(', ')}`);
  }
  const told = answer(columns.map(({ variable, k, name, choices, start }) => {
    const all = inputs[variable];
    const value = inputs[name] ?? (typeof all === 'object' && all ? all[k] : all) ?? start;
    if (typeof value !== 'string') return Number(value);
    if (!choices.includes(value)) throw new RangeError(`${name} = '${value}'; ${choices.length ? choices.join(', ') : 'a number'} is needed`);
    return choices.indexOf(value);
  }));
  const plain = (name, dims) => (dims?.length ? Array.from(told[name]) : told[name][0]);
  return {
    in_domain: Boolean(told.in_domain[0]),
    outputs: Object.fromEntries(study.outputs.map(({ name, dims }) =>
      [name, { value: plain(name, dims), lower: plain(`${name}_lower`, dims), upper: plain(`${name}_upper`, dims) }])),
  };
}
