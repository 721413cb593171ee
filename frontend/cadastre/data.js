/** Files of the cadastre, in its folder `data`. */
import { beside, fetchJson, fetchUnpacked, once } from '../shared/files.js';

export const address = (name) => beside(`data/${name}`);

export const loadCadastre = () => once('cadastre', () => fetchJson(address('cadastre.json')));

/** All buildings as rows: id, lon, lat, address, planes, kwh. */
export const loadIndex = () =>
  once('index', async () => {
    const columns = JSON.parse(new TextDecoder().decode(await fetchUnpacked(address('buildings.json.gz'))));
    return columns.id.map((id, k) => ({
      id,
      lon: columns.lon[k],
      lat: columns.lat[k],
      address: columns.address?.[k] ?? '',
      commune: columns.commune?.[k] ?? '',
      planes: columns.planes?.[k],
      kwh: columns.kwh?.[k],
    }));
  });
