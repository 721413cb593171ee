/** All sentences of the page of a study, in both languages. */
import { addWords } from '../shared/i18n.js';

addWords({
  en: {
    kicker: 'A study answered by frugal', skip: 'Go to the questions', loading: 'Loading the model…',
    asked: 'What is asked', answered: 'Answer', reset: 'As at the start',
    outside: 'Outside the range that this model was built for: do not rely on this answer.', beyond: (names) => `Beyond its bounds: ${names}.`,
    failed: (what) => `Could not load ${what}.`, failedHelp: 'The connection may be cut, or the folder of this page incomplete. Try again; if nothing helps, tell those who publish it.',
    otherStudy: 'study.json and model.onnx are not of the same study.', noAnswer: 'The model gave no answer.',
    computedByItself: (candidate, size) => `Computed in this page by “${candidate}” (${size}), in the page’s own language, without any runtime. What you ask is sent to nobody. No cookie, no measurement of visitors.`,
    computedBy: (candidate, size) => `Computed in this page by the graph “${candidate}” (${size}). What you ask is sent to nobody. No cookie, no measurement of visitors.`,
    sources: 'Data', about: 'About this page',
  },
  fr: {
    kicker: 'Une étude à laquelle frugal répond', skip: 'Aller aux questions', loading: 'Chargement du modèle…',
    asked: 'Ce qui est demandé', answered: 'Réponse', reset: 'Comme au début',
    outside: 'Hors du domaine pour lequel ce modèle a été construit : ne vous fiez pas à cette réponse.', beyond: (names) => `Au-delà de ses bornes : ${names}.`,
    failed: (what) => `Impossible de charger ${what}.`, failedHelp: 'La connexion est peut-être coupée, ou le dossier de cette page incomplet. Réessayez ; si rien n’y fait, prévenez qui la publie.',
    otherStudy: 'study.json et model.onnx ne sont pas de la même étude.', noAnswer: 'Le modèle n’a pas répondu.',
    computedByItself: (candidate, size) => `Calculé dans cette page par « ${candidate} » (${size}), dans la langue même de la page, sans aucun moteur. Ce que vous demandez n’est envoyé à personne. Ni cookie, ni mesure d’audience.`,
    computedBy: (candidate, size) => `Calculé dans cette page par le graphe « ${candidate} » (${size}). Ce que vous demandez n’est envoyé à personne. Ni cookie, ni mesure d’audience.`,
    sources: 'Données', about: 'À propos de cette page',
  },
});
