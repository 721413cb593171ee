/** Units in the spelling of pint, as people write them. */
const SIGNS = { 1: '', dimensionless: '', deg: '°', degree: '°', degC: '°C', delta_degC: '°C', percent: '%', second: 's', minute: 'min', hour: 'h', micrometer: 'µm', ohm: 'Ω' };
const RAISED = { '-': '⁻', 0: '⁰', 1: '¹', 2: '²', 3: '³', 4: '⁴', 5: '⁵', 6: '⁶', 7: '⁷', 8: '⁸', 9: '⁹' };

export const unitName = (unit) =>
  (SIGNS[unit] ?? unit)
    .replace(/\s*(?:\*\*|\^)\s*(-?\d)/g, (_, power) => [...power].map((sign) => RAISED[sign]).join(''))
    .replace(/\s*\*\s*/g, '·')
    .replace(/\s*\/\s*/g, '/')
    .replace(/\b(deg|degC)\b/g, (name) => SIGNS[name]);
