/** All sentences of the page, in both languages. */
export const WORDS = {
  en: {
    skip: 'Go to the search', language: 'Language', map: 'Map of the roofs',
    mapHelp: 'Arrow keys move the map, plus and minus zoom, Enter chooses the roof under the cross.',
    noMap: 'The map cannot be drawn here (no WebGL). The search and the list below still work.',
    search: 'Find a roof', searchLabel: 'Number of the building', searchLabelAddress: 'Address, or number of the building',
    searchButton: 'Search', results: 'Results', inView: 'Roofs in view', noneInView: 'No roof in view: move or zoom the map, or search.',
    found: (n) => (n === 0 ? 'Nothing found.' : n === 1 ? '1 result.' : `${n} results.`),
    remote: 'Services of IGN', remoteHelp: 'Off: this page asks no server but its own. On: it contacts data.geopf.fr, which then sees your IP address and what you look for.',
    remoteSearch: 'Search addresses', remoteMap: 'Plan IGN as background', remoteFailed: 'data.geopf.fr did not answer.',
    background: 'Relief of the survey', legend: 'Yearly yield per kWp installed', noClass: 'not computed',
    building: (id) => `Building ${id}`, loading: 'Loading…', failed: (what) => `Could not load ${what}.`,
    ranges: 'The web server does not answer partial requests (HTTP Range), which the tiles need.',
    unknown: (id) => `There is no building ${id} here.`, noPlanes: 'No roof plane of at least 10 m² was found on this building.',
    total: 'Whole roof', planes: 'Roof planes', plane: 'Plane', tilt: 'Tilt', azimuth: 'Azimuth', area: 'Area along the slope', usable: 'Usable area',
    azimuthNote: '0° = north, clockwise: 90° east, 180° south, 270° west.',
    irradiation: 'Sunlight received', power: 'Power', yield: 'Yearly yield', specific: 'Yield per kWp', shading: 'Lost to shading',
    range: (a, b) => `P10–P90: ${a} to ${b}`, rangeSame: 'in the same proportions as for the roof as it is', rangeHelp: 'Eight years in ten lie in this range, weather and survey errors counted.',
    co2: 'CO₂ avoided', perYear: 'a year', co2Factor: (f, s) => `${f} kg CO₂e/kWh: ${s}`, vintage: 'Survey of', class: 'Class', classOf: (n) => `${n} of 5`,
    monthly: 'Yield by month', month: 'Month', months: ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'],
    initials: ['J', 'F', 'M', 'A', 'M', 'J', 'J', 'A', 'S', 'O', 'N', 'D'], asTable: 'As a table', outlined: 'Outlined in blue: the installation as changed below.', flat: 'flat',
    rose: 'Horizon and what it takes', roseHelp: 'Grey: height of the obstacles seen from the plane, in degrees. Orange: share of the yearly yield lost in that direction.',
    direction: 'Direction', obstacle: 'Obstacles', loss: 'Loss', compass: ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'],
    change: 'Change the installation', mounting: 'Mounting', ratio: 'Module power over inverter power', reset: 'As on the roof',
    mountings: { open_rack: 'on an open rack', close_mount: 'close to the roof', insulated_back: 'in the roof, insulated back' },
    answer: 'Answer', answersBy: 'Yearly yield of this installation, by two ways of computing', way: 'Way', bytes: 'Loaded', time: 'Time',
    table: 'Table of the sky, in JavaScript', model: 'Audited model, in ONNX', modelOf: (label) => `Audited model, in ONNX: ${label}`, notRun: 'not run yet', run: (mb) => `Run the audited model (${mb} once)`, running: 'Loading the runtime…',
    difference: (d) => `The two differ by ${d}.`, noTable: 'This cadastre has no table: run the model.', outside: 'Outside the range that the model was built for.', ms: 'ms',
    versus: (d) => `${d} against the installation as on the roof`,
    whatIf: 'A new building or tree', whatIfHelp: 'Place an obstacle on the map, or give its distance and direction; the loss is computed here from the surveyed surface.',
    addBuilding: 'Draw a building', addTree: 'Place a tree', kind: 'Obstacle', aBuilding: 'building', aTree: 'tree', height: 'Height', width: 'Width', depth: 'Depth', crown: 'Crown radius', distance: 'Distance', toward: 'Direction', evergreen: 'keeps its leaves in winter', place: 'Place it here',
    drawBuilding: 'Click the corners of the building on the map, then “Done”; Escape gives up.', drawTree: 'Click the place of the tree on the map; Escape gives up.', done: 'Done', giveUp: 'Give up',
    remove: 'Remove', obstacles: 'Obstacles placed', buildingItem: (h) => `Building of ${h}`, treeItem: (h, r) => `Tree of ${h}, crown radius ${r}`, lossNow: (a, b, d) => `Yearly yield: ${a} before, ${b} after (${d}).`, rays: (n, ms) => `${n} rays in ${ms} ms.`, noSurface: 'No extract of the surface here.', tooFar: 'Farther than 200 m from the roof: not counted.',
    transmissivity: (on, off) => `Light through a crown: ${on} in leaf (May to October), ${off} bare. Konarska et al. 2014.`,
    take: 'Take away', csv: 'Table (CSV)', geojson: 'Polygons (GeoJSON)', print: 'Print the sheet', disclaimer: 'Estimate from an aerial survey. It does not replace a feasibility study: structure, wiring, grid connection, heritage rules and the state of the roof were not looked at.',
    colon: ': ', weather: 'Weather', weatherFar: (km) => `weather station ${km} from here`, attributions: 'Data', audit: 'Was AI needed?', auditShading: 'And for shading, where only a coarse surface is known?', auditLink: 'audit', weights: (page, table, model, runtime) => `Weights: page ${page}, table ${table}; only if you run the model: runtime ${runtime}, model ${model}.`, licences: 'licences of the libraries', noRemote: 'No cookie, no measurement of visitors.', fold: 'About this map',
    choose: 'Choose a roof on the map, in the list, or by its number.', close: 'Back to the list', sheet: 'Solar sheet', printed: 'Printed on',
  },
  fr: {
    skip: 'Aller à la recherche', language: 'Langue', map: 'Carte des toits',
    mapHelp: 'Les flèches déplacent la carte, plus et moins l’agrandissent, Entrée choisit le toit sous la croix.',
    noMap: 'La carte ne peut pas être dessinée ici (pas de WebGL). La recherche et la liste ci-dessous fonctionnent.',
    search: 'Trouver un toit', searchLabel: 'Numéro du bâtiment', searchLabelAddress: 'Adresse, ou numéro du bâtiment',
    searchButton: 'Chercher', results: 'Résultats', inView: 'Toits visibles', noneInView: 'Aucun toit visible : déplacez ou agrandissez la carte, ou cherchez.',
    found: (n) => (n === 0 ? 'Rien trouvé.' : n === 1 ? '1 résultat.' : `${n} résultats.`),
    remote: 'Services de l’IGN', remoteHelp: 'Désactivés : cette page n’interroge que son propre serveur. Activés : elle contacte data.geopf.fr, qui voit alors votre adresse IP et ce que vous cherchez.',
    remoteSearch: 'Chercher des adresses', remoteMap: 'Plan IGN en fond', remoteFailed: 'data.geopf.fr n’a pas répondu.',
    background: 'Relief du relevé', legend: 'Production annuelle par kWc installé', noClass: 'non calculé',
    building: (id) => `Bâtiment ${id}`, loading: 'Chargement…', failed: (what) => `Impossible de charger ${what}.`,
    ranges: 'Le serveur web ne répond pas aux requêtes partielles (HTTP Range), nécessaires aux tuiles.',
    unknown: (id) => `Il n’y a pas de bâtiment ${id} ici.`, noPlanes: 'Aucun pan de toit d’au moins 10 m² n’a été trouvé sur ce bâtiment.',
    total: 'Toit entier', planes: 'Pans de toit', plane: 'Pan', tilt: 'Inclinaison', azimuth: 'Azimut', area: 'Surface selon la pente', usable: 'Surface utile',
    azimuthNote: '0° = nord, sens horaire : 90° est, 180° sud, 270° ouest.',
    irradiation: 'Ensoleillement reçu', power: 'Puissance', yield: 'Production annuelle', specific: 'Production par kWc', shading: 'Perdu par l’ombrage',
    range: (a, b) => `P10–P90 : ${a} à ${b}`, rangeSame: 'dans les mêmes proportions que pour le toit tel qu’il est', rangeHelp: 'Huit années sur dix sont dans cet intervalle, météo et erreurs du relevé comprises.',
    co2: 'CO₂ évité', perYear: 'par an', co2Factor: (f, s) => `${f} kg CO₂e/kWh : ${s}`, vintage: 'Relevé de', class: 'Classe', classOf: (n) => `${n} sur 5`,
    monthly: 'Production par mois', month: 'Mois', months: ['janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet', 'août', 'septembre', 'octobre', 'novembre', 'décembre'],
    initials: ['J', 'F', 'M', 'A', 'M', 'J', 'J', 'A', 'S', 'O', 'N', 'D'], asTable: 'En tableau', outlined: 'Cerné de bleu : l’installation telle que changée ci-dessous.', flat: 'plat',
    rose: 'L’horizon et ce qu’il prend', roseHelp: 'Gris : hauteur des obstacles vus du pan, en degrés. Orange : part de la production annuelle perdue dans cette direction.',
    direction: 'Direction', obstacle: 'Obstacles', loss: 'Perte', compass: ['N', 'NE', 'E', 'SE', 'S', 'SO', 'O', 'NO'],
    change: 'Changer l’installation', mounting: 'Pose', ratio: 'Puissance des modules sur celle de l’onduleur', reset: 'Comme sur le toit',
    mountings: { open_rack: 'sur châssis ouvert', close_mount: 'près du toit', insulated_back: 'intégrée, dos isolé' },
    answer: 'Réponse', answersBy: 'Production annuelle de cette installation, par deux façons de calculer', way: 'Façon', bytes: 'Chargé', time: 'Temps',
    table: 'Table du ciel, en JavaScript', model: 'Modèle audité, en ONNX', modelOf: (label) => `Modèle audité, en ONNX : ${label}`, notRun: 'pas encore exécuté', run: (mb) => `Exécuter le modèle audité (${mb} une fois)`, running: 'Chargement du moteur…',
    difference: (d) => `Les deux diffèrent de ${d}.`, noTable: 'Ce cadastre n’a pas de table : exécutez le modèle.', outside: 'Hors du domaine pour lequel le modèle a été construit.', ms: 'ms',
    versus: (d) => `${d} par rapport à l’installation comme sur le toit`,
    whatIf: 'Un nouveau bâtiment ou arbre', whatIfHelp: 'Placez un obstacle sur la carte, ou donnez sa distance et sa direction ; la perte est calculée ici, sur la surface relevée.',
    addBuilding: 'Dessiner un bâtiment', addTree: 'Placer un arbre', kind: 'Obstacle', aBuilding: 'bâtiment', aTree: 'arbre', height: 'Hauteur', width: 'Largeur', depth: 'Profondeur', crown: 'Rayon du houppier', distance: 'Distance', toward: 'Direction', evergreen: 'garde ses feuilles en hiver', place: 'Le placer là',
    drawBuilding: 'Cliquez les coins du bâtiment sur la carte, puis « Terminé » ; Échap abandonne.', drawTree: 'Cliquez la place de l’arbre sur la carte ; Échap abandonne.', done: 'Terminé', giveUp: 'Abandonner',
    remove: 'Enlever', obstacles: 'Obstacles placés', buildingItem: (h) => `Bâtiment de ${h}`, treeItem: (h, r) => `Arbre de ${h}, rayon du houppier ${r}`, lossNow: (a, b, d) => `Production annuelle : ${a} avant, ${b} après (${d}).`, rays: (n, ms) => `${n} rayons en ${ms} ms.`, noSurface: 'Pas d’extrait de la surface ici.', tooFar: 'À plus de 200 m du toit : non compté.',
    transmissivity: (on, off) => `Lumière à travers un houppier : ${on} en feuilles (mai à octobre), ${off} nu. Konarska et al. 2014.`,
    take: 'Emporter', csv: 'Tableau (CSV)', geojson: 'Polygones (GeoJSON)', print: 'Imprimer la fiche', disclaimer: 'Estimation d’après un relevé aérien. Elle ne remplace pas une étude de faisabilité : la charpente, le câblage, le raccordement, les règles du patrimoine et l’état du toit n’ont pas été examinés.',
    colon: '\u00a0: ', weather: 'Météo', weatherFar: (km) => `station météo à ${km} d’ici`, attributions: 'Données', audit: 'Fallait-il de l’IA ?', auditShading: 'Et pour l’ombrage, là où l’on ne connaît qu’un relief grossier ?', auditLink: 'audit', weights: (page, table, model, runtime) => `Poids : page ${page}, table ${table} ; seulement si vous exécutez le modèle : moteur ${runtime}, modèle ${model}.`, licences: 'licences des bibliothèques', noRemote: 'Ni cookie, ni mesure d’audience.', fold: 'À propos de cette carte',
    choose: 'Choisissez un toit sur la carte, dans la liste, ou par son numéro.', close: 'Retour à la liste', sheet: 'Fiche solaire', printed: 'Imprimée le',
  },
};

let current = 'fr';

export function chooseLanguage() {
  const asked = new URLSearchParams(location.hash.slice(1)).get('lang');
  const wanted = [asked, ...(navigator.languages ?? [])].filter(Boolean).map((tag) => tag.slice(0, 2));
  return wanted.find((tag) => tag in WORDS) ?? 'en';
}

export function setLanguage(language) {
  current = language;
  document.documentElement.lang = language;
}

export const language = () => current;
export const t = (key, ...values) => {
  const entry = WORDS[current][key];
  return typeof entry === 'function' ? entry(...values) : entry;
};

/** Text that the cadastre gives in both languages, or in one. */
export const told = (text) => (text == null ? '' : typeof text === 'string' ? text : (text[current] ?? text.en ?? ''));

export function number(value, decimals = 0) {
  return new Intl.NumberFormat(current, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);
}
/** A number and its unit, kept on one line. */
export const unit = (value, name, decimals = 0) => `${number(value, decimals)}${name === '°' ? '' : '\u00a0'}${name}`;
export const percent = (share, decimals = 1) => unit(100 * share, '%', decimals);
export const signed = (share) => (Math.abs(share) < 0.0005 ? percent(0) : `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`);
export const kwp = () => (current === 'fr' ? 'kWc' : 'kWp');

export function bytes(count) {
  const names = current === 'fr' ? ['o', 'ko', 'Mo'] : ['B', 'kB', 'MB'];
  if (count < 1000) return unit(count, names[0]);
  return count < 1e6 ? unit(count / 1e3, names[1]) : unit(count / 1e6, names[2], 1);
}
