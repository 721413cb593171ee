/** What as much electricity of the grid emits, and that the making of the modules is not taken off. */
import { language, number, t, unit } from '../shared/i18n.js';
import { significant } from '../shared/rounding.js';

/** Making of modules in Asia, kg CO₂e per kWh they yield (ADEME, INCER-ACV, 2021). */
const MAKING = 0.04;

/** Countries and regions that factors are known of, as the browser's list of names calls them. */
const REGIONS = {
  AUT: 'AT', BEL: 'BE', BGR: 'BG', BRA: 'BR', CAN: 'CA', CHE: 'CH', CHN: 'CN', CYP: 'CY', CZE: 'CZ', DEU: 'DE', DNK: 'DK', ESP: 'ES', EST: 'EE',
  EUU: 'EU', FIN: 'FI', FRA: 'FR', GBR: 'GB', GRC: 'GR', HRV: 'HR', HUN: 'HU', IND: 'IN', IRL: 'IE', ITA: 'IT', JPN: 'JP', LTU: 'LT', LUX: 'LU',
  LVA: 'LV', MLT: 'MT', NLD: 'NL', POL: 'PL', PRT: 'PT', ROU: 'RO', SVK: 'SK', SVN: 'SI', SWE: 'SE', USA: 'US',
};

/** Name of a country in the language of the page; its code where no name is known. */
const countryName = (code) =>
  code === 'WOR' ? t('world') : REGIONS[code] ? new Intl.DisplayNames(language(), { type: 'region' }).of(REGIONS[code]) : code;

/** Name, value and notes of the fact about a plane; without an interval or a country where the cadastre tells none. */
export function carbonFact({ kg_per_kwh: factor, low, high, country }, kilograms) {
  const kg = (value) => unit(significant(value, 2), 'kg');
  const interval = Number.isFinite(low) && Number.isFinite(high) && factor > 0;
  const range = interval && t('co2Range', number(significant((kilograms / factor) * low, 2)), kg((kilograms / factor) * high));
  // Where the interval is not known, half the factor stands for its lower end.
  const left = (interval ? low : factor / 2) > MAKING ? 'co2Less' : 'co2MuchLess';
  return [
    t('co2', country ? ` (${countryName(country)})` : ''),
    [`${kg(kilograms)} ${t('perYear')}`, range ? `, ${range}` : ''].join(''),
    `${t('co2Factor', number(factor, 3))}${t('co2Making', number(1000 * MAKING))} ${t(left)}`,
  ];
}
