/** A link that puts the same installation to PVGIS. Nothing is asked of it before somebody follows the link. */
import { h } from '../shared/dom.js';
import { t } from '../shared/i18n.js';

/** The documented entry point: "API non-interactive service" of the Joint Research Centre, PVGIS 5.3. */
const PVGIS = 'https://re.jrc.ec.europa.eu/api/v5_3/PVcalc';
/** Percent for cables, inverter and dirt: what PVGIS itself proposes. */
const LOSS = 14;

/**
 * Address of the answer of PVGIS for an installation. `place`: longitude and latitude; `horizon`: degrees at equal steps
 * from north clockwise, as PVGIS takes them; its aspect counts from south, −90 east, 90 west.
 */
export function pvgisAddress([lon, lat], { tilt, azimuth, power, mounting }, horizon) {
  const rounded = (value, decimals) => String(Number(value.toFixed(decimals)));
  const turned = (((azimuth % 360) + 360) % 360) - 180;
  const asked = new URLSearchParams({
    lat: rounded(lat, 5),
    lon: rounded(lon, 5),
    peakpower: rounded(Math.max(power, 0.01), 2),
    loss: String(LOSS),
    pvtechchoice: 'crystSi',
    // PVGIS knows two ways: free to the wind, or on the building.
    mountingplace: mounting === 0 ? 'free' : 'building',
    angle: rounded(tilt, 1),
    aspect: rounded(turned, 1),
    usehorizon: '1',
    userhorizon: horizon.map((elevation) => rounded(Math.min(Math.max(elevation, 0), 90), 1)).join(','),
    outputformat: 'json',
  });
  return `${PVGIS}?${asked}`;
}

export function pvgisLink() {
  return h('div', { class: 'pvgis' },
    h('p', {}, h('a', { id: 'pvgis-link', target: '_blank', rel: 'noopener noreferrer', 'aria-describedby': 'pvgis-note' }, t('pvgis'))),
    h('p', { class: 'note', id: 'pvgis-note' }, t('pvgisHelp', LOSS)));
}
