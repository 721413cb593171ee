/** Vector tiles, read without the map, so that a search works where no map can be drawn. */
import { VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';
import { PMTiles } from 'pmtiles';
import { once } from '../shared/files.js';

/** The archive at an address; the map that draws it and those who read it share one, and with it its index. */
export const openTiles = (url) => new PMTiles(url);

/** Features of a tile by layer, in degrees; a layer that is not there is empty. */
const readTile = (archive, layers, zoom, x, y) =>
  once(`tile ${archive.source.getKey()} ${layers} ${zoom}/${x}/${y}`, async () => {
    const found = await archive.getZxy(zoom, x, y);
    const tile = found && new VectorTile(new PbfReader(new Uint8Array(found.data)));
    const features = (name) => {
      const layer = tile?.layers[name];
      return layer ? Array.from({ length: layer.length }, (_, k) => layer.feature(k).toGeoJSON(x, y, zoom)) : [];
    };
    return Object.fromEntries(layers.map((name) => [name, features(name)]));
  });

/** Features of several tiles, `[x, y]` each, by layer. */
export async function readTiles(archive, layers, zoom, tiles) {
  const read = await Promise.all(tiles.map(([x, y]) => readTile(archive, layers, zoom, x, y)));
  return Object.fromEntries(layers.map((name) => [name, read.flatMap((tile) => tile[name])]));
}
