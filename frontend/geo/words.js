/** Words of the map itself. */
import { addWords } from '../shared/i18n.js';

addWords({
  en: { zoomIn: 'Zoom in', zoomOut: 'Zoom out', showSources: 'Sources of the map' },
  fr: { zoomIn: 'Agrandir', zoomOut: 'Réduire', showSources: 'Sources de la carte' },
});
