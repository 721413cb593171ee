/** Names of the places that an output has values at: stations, places along lines, or coordinates of a dimension. */
import { addWords, brief } from './i18n.js';
import { plainName } from './controls.js';

addWords({
  en: { along: (reach) => `Distance along ${reach}`, distance: 'Distance' },
  fr: { along: (reach) => `Distance le long de ${reach}`, distance: 'Distance' },
});

/** Coordinate systems in metres, by EPSG number: Lambert 93 and its zones, overseas territories, UTM, Europe, the web. */
const IN_METRES = [[2154, 2154], [2969, 2989], [3035, 3035], [3857, 3857], [3942, 3950], [5490, 5490], [25828, 25838], [27561, 27574], [32601, 32660], [32701, 32760]];
const FAR = 10_000;

/** The unit of lengths in a coordinate system; empty where its text does not tell. */
export function lengthUnit(crs) {
  const [, number] = /^EPSG:(\d+)$/i.exec(crs) ?? [];
  if (number) return IN_METRES.some(([first, last]) => number >= first && number <= last) ? 'm' : '';
  const units = [...crs.matchAll(/(?:LENGTH)?UNIT\["([^"]+)"/gi)].map(([, name]) => name.toLowerCase());
  return ['metre', 'meter', 'm'].includes(units.filter((name) => !name.startsWith('degree')).at(-1)) ? 'm' : '';
}

/**
 * The places of an output along one of its dimensions: `names`; of places along lines also `reaches`, each with the numbers of
 * its places and their distances in `unit`.
 */
export function placesOf({ geometry, coords }, dim) {
  const names = coords[dim].map(String);
  if (geometry?.kind !== 'lines') return { names, reaches: null, unit: '' };
  const crsUnit = lengthUnit(geometry.crs);
  const longest = Math.max(...Object.values(geometry.chainage).flat());
  const [unit, factor] = crsUnit === 'm' && longest >= FAR ? ['km', 1000] : [crsUnit, 1];
  let first = 0;
  const reaches = Object.entries(geometry.chainage).map(([name, chainage]) => {
    const at = chainage.map((_, k) => first + k);
    first += chainage.length;
    return { name: plainName(name), at, distances: chainage.map((value) => value / factor) };
  });
  const written = (distance) => `${brief(distance, 10)}${unit && '\u00a0'}${unit}`;
  const told = reaches.flatMap((reach) => reach.distances.map((distance) => (reaches.length > 1 ? `${reach.name}, ${written(distance)}` : written(distance))));
  return { names: told.length === names.length ? told : names, reaches, unit };
}
