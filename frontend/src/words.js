/** All sentences of the page, in both languages. */
export const WORDS = {
  en: {
    site: 'Solar cadastre', number: 'Number', skip: 'Go to the search', language: 'Language', map: 'Map of the roofs',
    mapHelp: 'Arrow keys move the map, plus and minus zoom, Enter chooses the roof under the cross.',
    zoomIn: 'Zoom in', zoomOut: 'Zoom out', showSources: 'Sources of the map',
    noMap: 'The map cannot be drawn here (no WebGL). The search and the list below still work.',
    search: 'Find a roof', searchLabel: 'Number of the building', searchLabelAddress: 'Address, or number of the building',
    searchButton: 'Search', results: 'Results', inView: 'Roofs in view', bestPlane: 'Colour: class of the best plane of each building that modules fit on.', noneInView: 'No roof in view: move or zoom the map, or search.',
    found: (n) => (n === 0 ? 'Nothing found.' : n === 1 ? '1 result.' : `${n} results.`),
    remote: 'Services of IGN', remoteHelp: 'Off: this page asks no server but its own. On: it contacts data.geopf.fr, which then sees your IP address and what you look for.',
    remoteSearch: 'Search addresses', remoteMap: 'Plan IGN as background', remoteFailed: 'data.geopf.fr did not answer.',
    background: 'Relief of the survey', legend: 'Yearly yield per kWp installed', noClass: 'no plane of 10 m² that modules fit on',
    building: (id) => `Building ${id}`, loading: 'Loading…', failed: (what) => `Could not load ${what}.`, failedHelp: 'The connection may be cut, or the folder of the map incomplete. Try again; if that does not help, tell whoever publishes this map.', again: 'Try again', theRoofs: 'the roofs', theIndex: 'the list of buildings', theTable: 'the table of the sky', theModel: 'the audited model', theSurface: 'the surveyed surface',
    ranges: 'The web server does not answer partial requests (HTTP Range), which the tiles need.',
    unknown: (id) => `There is no building ${id} here.`, noPlanes: 'No roof plane of at least 10 m² was found on this building.',
    total: 'Whole roof', planes: 'Roof planes', plane: 'Plane', tilt: 'Tilt', azimuth: 'Azimuth', area: 'Area along the slope', usable: 'Usable area', usableOf: (area) => `${area} usable`, noUsable: 'no usable area', powerOf: (density) => `${density} of usable area`, powerFlat: (density) => `${density} of usable area: rows of modules need room`,
    azimuthNote: '0° = north, clockwise: 90° east, 180° south, 270° west.',
    irradiation: 'Sunlight received', power: 'Power', yield: 'Yearly yield', specific: 'Yield per kWp', shading: 'Lost to shading',
    range: (a, b) => `P10–P90: ${a} to ${b}`, forPower: 'for this power', rangeSame: 'in the same proportions as for the roof as it is', rangeHelp: 'With a probability of 80%, the yield of one year lies in this range, for this power: weather of the year, survey and model counted. How much area is usable is less certain, and not counted: a visit tells.', rangeSum: 'The range of the whole roof is the sum of those of its planes, as if all their errors went together: it is wide.', roundedHelp: 'Yields are rounded to what the range supports; the files to download keep all digits.',
    world: 'world', co2: (country) => `CO₂e of as much electricity of the grid mix${country}`, co2Range: (a, b) => `between ${a} and ${b}`, co2Making: (g) => `. The making of the modules, about ${g}\u00a0g/kWh, is not taken off:`, co2MuchLess: 'what is left after it is much less, or nothing.', co2Less: 'what is left after it is less.', perYear: 'a year', co2Factor: (f) => `${f} kg CO₂e/kWh`, co2Source: 'Factor of CO₂', howRead: 'How to read these figures', vintage: 'Survey', class: 'Class', classOf: (n) => `${n} of 5`,
    monthly: 'Yield by month', month: 'Month', months: ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'],
    initials: ['J', 'F', 'M', 'A', 'M', 'J', 'J', 'A', 'S', 'O', 'N', 'D'], asTable: 'As a table', outlined: 'Outlined in blue: the installation as changed.', kwhAsIs: 'kWh, on the roof', kwhChanged: 'kWh, as changed', asChanged: 'Installation as changed', flat: 'flat',
    rose: 'Horizon and what it takes', roseHelp: 'Grey: height of the obstacles seen from the plane, in degrees. Orange: share of the yearly yield lost in that direction.',
    direction: 'Direction', obstacle: 'Obstacles', loss: 'Loss', compass: ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'],
    toward8: ['north', 'north-east', 'east', 'south-east', 'south', 'south-west', 'west', 'north-west'],
    from8: ['the north', 'the north-east', 'the east', 'the south-east', 'the south', 'the south-west', 'the west', 'the north-west'],
    bestFacing: (tilt, toward) => `tilted ${tilt}, facing ${toward}`,
    whyBest: 'This plane is tilted and turned about as well as can be.',
    whyOrientation: (cost, best) => `Its tilt and orientation cost ${cost} against the best open plane here (${best}).`,
    whyOpen: (share) => `Obstacles take next to nothing (${share}).`,
    whyShading: (share, mainly, from, most, height) => `Obstacles take ${share} of what it could yield, ${mainly ? 'most of it' : 'from several sides, most'} from ${from} (${most}), where they stand up to ${height} high`,
    whyThen: (from, share) => `, then from ${from} (${share}).`,
    pvgis: 'Ask PVGIS about the same installation',
    pvgisHelp: (loss) => `This link leaves the page, for re.jrc.ec.europa.eu, a site of the European Commission, in a new tab. It will see your IP address and, of this installation, the place, tilt, azimuth, power and the horizon of the plane, which stands in for that of its own terrain; losses of ${loss}% are assumed, as it proposes. It answers with figures (JSON); E_y is the yearly yield in kWh. Nothing is asked of it unless you follow the link.`,
    change: 'Change the installation', mounting: 'Mounting', ratio: 'Module power over inverter power', reset: 'As on the roof',
    mountings: { open_rack: 'on an open rack', close_mount: 'close to the roof', insulated_back: 'in the roof, insulated back' },
    answer: 'Answer', answersBy: 'Yearly yield of this installation, by two ways of computing', way: 'Way', digitsHelp: 'More digits than can be relied on are shown here, so that the two can be compared.', bytes: 'Loaded', time: 'Time',
    table: 'Table of the sky, in JavaScript', model: 'Audited model, in ONNX', notRun: 'not run yet', run: (mb) => `Run the audited model (${mb} once)`, running: 'Loading the runtime…',
    difference: (d) => `The two differ by ${d}.`, noTable: 'This cadastre has no table: run the model.', outside: 'Outside the range that the model was built for.', ms: 'ms',
    versus: (d) => `${d} against the installation as on the roof`,
    whatIf: 'A new building or tree', whatIfHelp: 'Give the height of the obstacle, then its distance and direction from the plane, or draw it on the map; the loss is computed here from the surveyed surface.',
    addBuilding: 'Draw it on the map', addTree: 'Put it on the map', kind: 'Obstacle', aBuilding: 'building', aTree: 'tree', height: 'Height', width: 'Width', depth: 'Depth', crown: 'Crown radius', distance: 'Distance', toward: 'Direction', evergreen: 'keeps its leaves in winter', place: 'Place at this distance',
    drawBuilding: 'Mark the corners of the building on the map, then “Done”.', drawTree: 'Mark the place of the tree on the map.', drawKeys: 'By keyboard: Enter marks the place under the cross, Escape gives up.', done: 'Done', giveUp: 'Give up',
    remove: 'Remove', obstacles: 'Obstacles placed', buildingItem: (h) => `Building ${h} high`, treeItem: (h, r) => `Tree ${h} high, crown radius ${r}`, lossNow: (before, change, sign, share) => `Yearly yield: ${before} before, ${sign ? `${change} ${sign < 0 ? 'less' : 'more'}` : 'the same'} after (${share}).`, rays: (n, ms) => `${n} rays in ${ms} ms.`, noSurface: 'No extract of the surface here.', tooFar: 'Farther than 200 m from the roof: not counted.',
    transmissivity: (on, off) => `Light through a crown: ${on} in leaf (May to October), ${off} bare. Konarska et al. 2014.`,
    take: 'Download, print', csv: 'Table (CSV)', geojson: 'Polygons (GeoJSON)', print: 'Print the sheet', disclaimer: 'Estimate from an aerial survey. It does not replace a feasibility study: structure, wiring, grid connection, heritage rules and the state of the roof were not looked at.',
    colon: ': ', weather: 'Weather', weatherFar: (km) => `The weather is that of a place ${km} away: yields may be off.`, attributions: 'Data', files: (n) => (n === 1 ? 'File of the survey' : `${n} files of the survey`), answeredBy: 'The yields on this map were computed with', audit: 'Was AI needed?', auditShading: 'And for shading, where only a coarse surface is known?', auditLink: 'audit', weights: (page, table, model, runtime) => `Weights: page ${page}, table ${table}; only if you run the model: runtime ${runtime}, model ${model}.`, licences: 'licences of the libraries', noRemote: 'No cookie, no measurement of visitors.', fold: 'About this map',
    choose: 'Choose a roof on the map, in the list, or by its number.', close: 'Back to the list', sheet: 'Solar sheet', printed: 'Printed on',
  },
  fr: {
    site: 'Cadastre solaire', number: 'Numéro', skip: 'Aller à la recherche', language: 'Langue', map: 'Carte des toits',
    mapHelp: 'Les flèches déplacent la carte, plus et moins l’agrandissent, Entrée choisit le toit sous la croix.',
    zoomIn: 'Agrandir', zoomOut: 'Réduire', showSources: 'Sources de la carte',
    noMap: 'La carte ne peut pas être dessinée ici (pas de WebGL). La recherche et la liste ci-dessous fonctionnent.',
    search: 'Trouver un toit', searchLabel: 'Numéro du bâtiment', searchLabelAddress: 'Adresse, ou numéro du bâtiment',
    searchButton: 'Chercher', results: 'Résultats', inView: 'Toits visibles', bestPlane: 'Couleur : classe du meilleur pan de chaque bâtiment où des modules tiennent.', noneInView: 'Aucun toit visible : déplacez ou agrandissez la carte, ou cherchez.',
    found: (n) => (n === 0 ? 'Rien trouvé.' : n === 1 ? '1 résultat.' : `${n} résultats.`),
    remote: 'Services de l’IGN', remoteHelp: 'Désactivés : cette page n’interroge que son propre serveur. Activés : elle contacte data.geopf.fr, qui voit alors votre adresse IP et ce que vous cherchez.',
    remoteSearch: 'Chercher des adresses', remoteMap: 'Plan IGN en fond', remoteFailed: 'data.geopf.fr n’a pas répondu.',
    background: 'Relief du relevé', legend: 'Production annuelle par kWc installé', noClass: 'aucun pan de 10 m² où des modules tiennent',
    building: (id) => `Bâtiment ${id}`, loading: 'Chargement…', failed: (what) => `Impossible de charger ${what}.`, failedHelp: 'La connexion est peut-être coupée, ou le dossier de la carte incomplet. Réessayez ; si rien n’y fait, prévenez qui publie cette carte.', again: 'Réessayer', theRoofs: 'les toits', theIndex: 'la liste des bâtiments', theTable: 'la table du ciel', theModel: 'le modèle audité', theSurface: 'la surface relevée',
    ranges: 'Le serveur web ne répond pas aux requêtes partielles (HTTP Range), nécessaires aux tuiles.',
    unknown: (id) => `Il n’y a pas de bâtiment ${id} ici.`, noPlanes: 'Aucun pan de toit d’au moins 10 m² n’a été trouvé sur ce bâtiment.',
    total: 'Toit entier', planes: 'Pans de toit', plane: 'Pan', tilt: 'Inclinaison', azimuth: 'Azimut', area: 'Surface selon la pente', usable: 'Surface utile', usableOf: (area) => `${area} utiles`, noUsable: 'aucune surface utile', powerOf: (density) => `${density} de surface utile`, powerFlat: (density) => `${density} de surface utile : les rangées de modules demandent de la place`,
    azimuthNote: '0° = nord, sens horaire : 90° est, 180° sud, 270° ouest.',
    irradiation: 'Ensoleillement reçu', power: 'Puissance', yield: 'Production annuelle', specific: 'Production par kWc', shading: 'Perdu par l’ombrage',
    range: (a, b) => `P10–P90 : ${a} à ${b}`, forPower: 'pour cette puissance', rangeSame: 'dans les mêmes proportions que pour le toit tel qu’il est', rangeHelp: 'Avec une probabilité de 80 %, la production d’une année est dans cet intervalle, pour cette puissance : météo de l’année, relevé et modèle compris. La surface utile est moins certaine, et n’y est pas comptée : une visite la dira.', rangeSum: 'L’intervalle du toit entier est la somme de ceux de ses pans, comme si toutes leurs erreurs allaient ensemble : il est large.', roundedHelp: 'Les productions sont arrondies à ce que l’intervalle permet ; les fichiers à télécharger gardent tous les chiffres.',
    world: 'monde', co2: (country) => `CO₂e d’autant d’électricité du réseau${country}`, co2Range: (a, b) => `entre ${a} et ${b}`, co2Making: (g) => `. La fabrication des modules, environ ${g}\u00a0g/kWh, n’est pas déduite :`, co2MuchLess: 'ce qui reste après elle est bien moindre, voire nul.', co2Less: 'ce qui reste après elle est moindre.', perYear: 'par an', co2Factor: (f) => `${f} kg CO₂e/kWh`, co2Source: 'Facteur de CO₂', howRead: 'Comment lire ces chiffres', vintage: 'Relevé', class: 'Classe', classOf: (n) => `${n} sur 5`,
    monthly: 'Production par mois', month: 'Mois', months: ['janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet', 'août', 'septembre', 'octobre', 'novembre', 'décembre'],
    initials: ['J', 'F', 'M', 'A', 'M', 'J', 'J', 'A', 'S', 'O', 'N', 'D'], asTable: 'En tableau', outlined: 'Cerné de bleu : l’installation telle que changée.', kwhAsIs: 'kWh, sur le toit', kwhChanged: 'kWh, changée', asChanged: 'Installation changée', flat: 'plat',
    rose: 'L’horizon et ce qu’il prend', roseHelp: 'Gris : hauteur des obstacles vus du pan, en degrés. Orange : part de la production annuelle perdue dans cette direction.',
    direction: 'Direction', obstacle: 'Obstacles', loss: 'Perte', compass: ['N', 'NE', 'E', 'SE', 'S', 'SO', 'O', 'NO'],
    toward8: ['le nord', 'le nord-est', 'l’est', 'le sud-est', 'le sud', 'le sud-ouest', 'l’ouest', 'le nord-ouest'],
    from8: ['au nord', 'au nord-est', 'à l’est', 'au sud-est', 'au sud', 'au sud-ouest', 'à l’ouest', 'au nord-ouest'],
    bestFacing: (tilt, toward) => `incliné de ${tilt} vers ${toward}`,
    whyBest: 'Ce pan est incliné et orienté à peu près au mieux.',
    whyOrientation: (cost, best) => `Son inclinaison et son orientation coûtent ${cost} par rapport au meilleur pan dégagé d’ici (${best}).`,
    whyOpen: (share) => `Les obstacles ne prennent presque rien (${share}).`,
    whyShading: (share, mainly, from, most, height) => `Les obstacles prennent ${share} de ce qu’il pourrait produire, ${mainly ? 'surtout' : 'de plusieurs côtés, le plus'} ${from} (${most}), où ils montent jusqu’à ${height}`,
    whyThen: (from, share) => `, puis ${from} (${share}).`,
    pvgis: 'Interroger PVGIS sur la même installation',
    pvgisHelp: (loss) => `Ce lien quitte la page, vers re.jrc.ec.europa.eu, site de la Commission européenne, dans un nouvel onglet. Il verra votre adresse IP et, de cette installation, le lieu, l’inclinaison, l’azimut, la puissance et l’horizon du pan, qui y remplace celui du terrain ; des pertes de ${loss} % sont supposées, comme il le propose. Il répond par des chiffres (JSON) ; E_y est la production annuelle en kWh. Rien ne lui est demandé si vous ne suivez pas le lien.`,
    change: 'Changer l’installation', mounting: 'Pose', ratio: 'Puissance des modules sur celle de l’onduleur', reset: 'Comme sur le toit',
    mountings: { open_rack: 'sur châssis ouvert', close_mount: 'près du toit', insulated_back: 'intégrée, dos isolé' },
    answer: 'Réponse', answersBy: 'Production annuelle de cette installation, par deux façons de calculer', way: 'Façon', digitsHelp: 'Ici figurent plus de chiffres que de fiables, pour que les deux se comparent.', bytes: 'Chargé', time: 'Temps',
    table: 'Table du ciel, en JavaScript', model: 'Modèle audité, en ONNX', notRun: 'pas encore exécuté', run: (mb) => `Exécuter le modèle audité (${mb} une fois)`, running: 'Chargement du moteur…',
    difference: (d) => `Les deux diffèrent de ${d}.`, noTable: 'Ce cadastre n’a pas de table : exécutez le modèle.', outside: 'Hors du domaine pour lequel le modèle a été construit.', ms: 'ms',
    versus: (d) => `${d} par rapport à l’installation comme sur le toit`,
    whatIf: 'Un nouveau bâtiment ou arbre', whatIfHelp: 'Donnez la hauteur de l’obstacle, puis sa distance et sa direction depuis le pan, ou dessinez-le sur la carte ; la perte est calculée ici, sur la surface relevée.',
    addBuilding: 'Dessiner sur la carte', addTree: 'Poser sur la carte', kind: 'Obstacle', aBuilding: 'bâtiment', aTree: 'arbre', height: 'Hauteur', width: 'Largeur', depth: 'Profondeur', crown: 'Rayon du houppier', distance: 'Distance', toward: 'Direction', evergreen: 'garde ses feuilles en hiver', place: 'Placer à cette distance',
    drawBuilding: 'Marquez les coins du bâtiment sur la carte, puis « Terminé ».', drawTree: 'Marquez la place de l’arbre sur la carte.', drawKeys: 'Au clavier : Entrée marque le lieu sous la croix, Échap abandonne.', done: 'Terminé', giveUp: 'Abandonner',
    remove: 'Enlever', obstacles: 'Obstacles placés', buildingItem: (h) => `Bâtiment haut de ${h}`, treeItem: (h, r) => `Arbre haut de ${h}, rayon du houppier ${r}`, lossNow: (before, change, sign, share) => `Production annuelle : ${before} avant, ${sign ? `${change} de ${sign < 0 ? 'moins' : 'plus'}` : 'autant'} après (${share}).`, rays: (n, ms) => `${n} rayons en ${ms} ms.`, noSurface: 'Pas d’extrait de la surface ici.', tooFar: 'À plus de 200 m du toit : non compté.',
    transmissivity: (on, off) => `Lumière à travers un houppier : ${on} en feuilles (mai à octobre), ${off} nu. Konarska et al. 2014.`,
    take: 'Télécharger, imprimer', csv: 'Tableau (CSV)', geojson: 'Polygones (GeoJSON)', print: 'Imprimer la fiche', disclaimer: 'Estimation d’après un relevé aérien. Elle ne remplace pas une étude de faisabilité : la charpente, le câblage, le raccordement, les règles du patrimoine et l’état du toit n’ont pas été examinés.',
    colon: '\u00a0: ', weather: 'Météo', weatherFar: (km) => `La météo est celle d’un lieu à ${km} d’ici : les productions peuvent s’en écarter.`, attributions: 'Données', files: (n) => (n === 1 ? 'Fichier du relevé' : `${n} fichiers du relevé`), answeredBy: 'Les productions de cette carte ont été calculées avec', audit: 'Fallait-il de l’IA ?', auditShading: 'Et pour l’ombrage, là où l’on ne connaît qu’un relief grossier ?', auditLink: 'audit', weights: (page, table, model, runtime) => `Poids : page ${page}, table ${table} ; seulement si vous exécutez le modèle : moteur ${runtime}, modèle ${model}.`, licences: 'licences des bibliothèques', noRemote: 'Ni cookie, ni mesure d’audience.', fold: 'À propos de cette carte',
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
  const text = typeof entry === 'function' ? entry(...values) : entry;
  return typeof text === 'string' ? typeset(text) : text;
};

/** Spaces that must not break: before a unit, and as French has them around its punctuation. */
export function typeset(text) {
  const kept = text.replace(/(\d) (?=(?:m²|m|km|kWh|kWc|kWp|kg|s|ms|%|Mo|ko|MB|kB)(?![\p{L}\d]))/gu, '$1\u00a0');
  return current === 'fr' ? kept.replace(/ ([:»])/g, '\u00a0$1').replace(/ ([;?!])/g, '\u202f$1').replace(/« /g, '«\u00a0') : kept;
}

/** Text that the cadastre gives in both languages, or in one: then it is a name, and stays as it is. */
export const told = (text) =>
  text == null ? '' : typeof text === 'string' ? text : typeset((text[current] ?? text.en ?? '').replace(/(\p{L})'(?=\p{L})/gu, '$1’'));

export function number(value, decimals = 0) {
  return new Intl.NumberFormat(current, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);
}
/** A number and its unit, kept on one line. */
export const unit = (value, name, decimals = 0) => `${number(value, decimals)}${name === '°' ? '' : '\u00a0'}${name}`;
export const percent = (share, decimals = 1) => (current === 'fr' ? unit(100 * share, '%', decimals) : `${number(100 * share, decimals)}%`);
export const signed = (share) => (Math.abs(share) < 0.0005 ? percent(0) : `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`);
/** A date as people write it; a year stays a year. */
export const day = (text) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(text).toLocaleDateString(current === 'en' ? 'en-GB' : current, { dateStyle: 'long', timeZone: 'UTC' }) : text;

/** A long number of a building, short enough for a line; a search finds it by this part as well. */
export function shortId(id) {
  if (id.length <= 16) return id;
  const [first] = id.split('-');
  return first.length >= 6 && first.length <= 12 ? `${first}…` : `…${id.slice(-8)}`;
}
export const kwp = () => (current === 'fr' ? 'kWc' : 'kWp');

export function bytes(count) {
  const names = current === 'fr' ? ['o', 'ko', 'Mo'] : ['B', 'kB', 'MB'];
  if (count < 1000) return unit(count, names[0]);
  return count < 1e6 ? unit(count / 1e3, names[1]) : unit(count / 1e6, names[2], 1);
}
