/**
 * What a model is asked and what it answers, of any study: read from the metadata of its graph (written by
 * frugal/surrogates/onnx/export.py), or from the inputs and outputs that a study.json tells.
 *
 * The graph takes one row of numbers, its columns, in float32 or (`inputType`) float64. A variable is one column, or a vector of them: `horizon_deg[090]`, as
 * `horizon_090_deg` in older bundles.
 */
import { metadataOf } from './onnx_metadata.js';

/** So many numbered columns in the older spelling are a vector; fewer are variables of their own. */
const FEWEST = 4;

/**
 * The model in the bytes of an ONNX file: `name`, `title`, `candidate`, `level`, `columns`, `variables`, `outputs`, `scenarios`,
 * `inputType`.
 */
export function modelOf(content) {
  const metadata = metadataOf(content);
  if (!metadata['frugal.study']) throw new Error('not an answer of frugal: its metadata hold no study');
  const told = described(JSON.parse(metadata['frugal.study']), metadata['frugal.candidate'] ?? '', Number(metadata['frugal.interval_level'] ?? NaN));
  return { ...told, inputType: metadata['frugal.input_type'] ?? 'float32' };
}

/** The same of a study as its model tells it, by which candidate, with intervals of which level. */
export function described({ name, title, hash, inputs, outputs, scenarios = [] }, candidate, level) {
  const columns = columnsOf(inputs);
  return { name, title, hash, columns, scenarios, candidate, level, variables: variablesOf(columns), outputs: outputs.map(outputOf) };
}

/** One column of the graph for each number that is asked; vectors with dimensions are spread out, last dimension fastest. */
export const columnsOf = (inputs) =>
  inputs.flatMap((input) => {
    const { dims = [], coords = {}, default: standard = null, choices = [], label = {}, ...plain } = input;
    const elements = dims.reduce((known, dim) => known.flatMap((start) => coords[dim].map((at) => [...start, String(at)])), [[]]);
    return elements.map((element, k) => ({
      ...plain,
      name: dims.length ? `${plain.name}[${element.join(',')}]` : plain.name,
      label: dims.length ? Object.fromEntries(Object.entries(label).map(([language, text]) => [language, labelAt(text, dims, element)])) : label,
      default: Array.isArray(standard) ? standard[k] : standard,
      choices,
    }));
  });

function labelAt(text, dims, element) {
  const told = dims.reduce((known, dim, k) => known.replaceAll(`{${dim}}`, element[k]), text);
  return told === text ? `${text} [${element.join(', ')}]` : told;
}

/** Vector and element that the name of a column tells, null for a number of its own. */
export function elementOf(name) {
  const marked = /^([^[\]]+)\[([^[\]]+)\]$/.exec(name);
  if (marked) return { vector: marked[1], element: marked[2], marked: true };
  const numbered = /^(.+?)_(\d{2,})(_.+)?$/.exec(name);
  return numbered && { vector: `${numbered[1]}${numbered[3] ?? ''}`, element: numbered[2], marked: false };
}

/** Columns gathered into variables, in their order: `name`, `label`, `unit`, `columns`, and `elements` of a vector. */
export function variablesOf(columns) {
  const found = columns.map((column) => elementOf(column.name));
  const size = (vector) => found.filter((at) => at?.vector === vector).length;
  const variables = new Map();
  columns.forEach((column, k) => {
    const at = found[k];
    const isVector = at && (at.marked || size(at.vector) >= FEWEST);
    const name = isVector ? at.vector : column.name;
    if (!variables.has(name)) variables.set(name, { name, label: column.label, unit: column.unit, columns: [], elements: isVector ? [] : null });
    const variable = variables.get(name);
    variable.columns.push(column);
    variable.elements?.push(at.element);
  });
  for (const variable of variables.values()) if (variable.elements) variable.label = commonLabel(variable.columns);
  return [...variables.values()];
}

/** What the labels of the elements begin with alike, in whole words. */
function commonLabel(columns) {
  const languages = Object.keys(columns[0].label);
  const common = (texts) => {
    const words = texts.map((text) => text.split(' '));
    const differs = words[0].findIndex((word, k) => words.some((other) => other[k] !== word));
    return differs < 0 ? texts[0] : `${words[0].slice(0, differs).join(' ')} …`;
  };
  return Object.fromEntries(languages.map((language) => [language, common(columns.map(({ label }) => label[language] ?? ''))]));
}

/**
 * An output. It has a meaning only where its value is above `validAbove` and is not `fill`; null stands for everywhere. Older
 * bundles say `wet_threshold`, `wet_where` and `dry_value`.
 */
function outputOf({ name, unit, label = {}, dims = [], coords = {}, ...more }) {
  const partly = more.defined_where || more.wet_where;
  return {
    name, unit, label, dims, coords,
    geometry: more.geometry ?? null,
    time: more.time ?? null,
    shape: dims.map((dim) => coords[dim].length),
    validAbove: more.valid_above ?? more.wet_threshold ?? null,
    fill: partly ? (more.fill_value ?? more.dry_value ?? 0) : null,
  };
}

/** Values of an output, NaN where it has no meaning. */
export const definedValues = ({ validAbove, fill }, values) =>
  values.map((value) => ((validAbove !== null && value <= Math.fround(validAbove)) || (fill !== null && value === Math.fround(fill)) ? NaN : value));

/** The value that a column has before anybody gives one: its default, else the first choice or the middle of its bounds. */
export const startOf = ({ default: standard, choices, low, high }) => standard ?? (choices.length ? low : (low + high) / 2);

/** The row of numbers that the graph takes; columns that `values` leaves out have their start. */
export const rowOf = (columns, values) => Float64Array.from(columns, (column) => values[column.name] ?? startOf(column));

/** Columns whose value is out of the bounds that the study is asked in. */
export const outOfBounds = (columns, values) =>
  columns.filter((column) => {
    const value = values[column.name] ?? startOf(column);
    return !(value >= column.low && value <= column.high);
  });

/** What the graph told of one row, by output: `value`, and where there is an interval `lower` and `upper`, each flat. */
export function answerOf(outputs, told) {
  const flat = (name) => told[name] && Array.from(told[name].data, Number);
  const values = outputs.map(({ name }) => {
    const [value, lower, upper] = ['', '_lower', '_upper'].map((suffix) => flat(name + suffix));
    // An interval without width is none: the candidate was not held against runs.
    const known = lower && upper && upper.some((high, k) => high > lower[k]);
    return [name, { value, lower: known ? lower : null, upper: known ? upper : null }];
  });
  return { values: Object.fromEntries(values), inDomain: Boolean(told.in_domain.data[0]) };
}
