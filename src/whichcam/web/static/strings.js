// Every English text of the page.

const percent = (share) => {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return "< 0.1 %";
  if (value > 99.9 && value < 100) return "> 99.9 %";
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;
};
const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
const inHundred = (share) => {
  const n = Math.round(100 * share);
  return n < 1 ? "fewer than 1 in 100" : `${n} in 100`;
};

export const format = {
  percent,
  count,
  bytes(n) {
    if (n < 1024) return `${n} bytes`;
    if (n < 1048576) return `${Math.round(n / 1024)} KB`;
    return `${(n / 1048576).toFixed(1)} MB`;
  },
  oneIn: (rate) => `1 in ${Math.round(1 / rate).toLocaleString("en")}`,
  size: ([height, width]) => `${width} × ${height} px`,
  day: (iso) => iso.slice(0, 10),
  number: (value, digits = 1) => (value === null || value === undefined ? "–" : value.toFixed(digits)),
  // 10 to the power of a likelihood ratio's logarithm, in words that can be said.
  ratio(log10) {
    const size = 10 ** Math.min(Math.abs(log10), 12);
    const rounded = size < 10 ? size.toFixed(1) : Math.round(size).toLocaleString("en");
    return `${rounded} times as probable`;
  },
};

export const text = {
  views: { pictures: "Pictures", cameras: "Cameras" },
  titles: { pictures: "Pictures · whichcam", cameras: "Cameras · whichcam", examination: "Examination · whichcam" },
  server: {
    knows: (n) => `knows ${count(n, "camera model")}`,
    away: "The server does not answer",
  },

  intake: {
    heading: "Which camera took this picture?",
    drop: "Drop pictures here",
    paste: "or paste one, or",
    choose: "Choose pictures",
    folder: "Choose a folder",
    more: "Add pictures: drop or paste them, or",
    release: "Let go to look at them",
    none: "There was no picture in that.",
    teachings: [
      ["You get an answer as fine as the evidence", "A camera model, a family that share their processing, a maker, or “unknown camera”, which is a proper answer. Each carries the error rate it was calibrated to."],
      ["It stays on this machine", "Pictures are looked at by the server that this page comes from, and deleted at once. Nothing is sent anywhere else."],
      ["Originals tell most", "A file as the camera wrote it says more than one from a messenger or an editor. Do not resize or re-save it first."],
    ],
  },

  picture: {
    waiting: "Waiting for its turn",
    busy: "The server is busy; this one is next",
    looking: "Looking at it …",
    thumbnail: (name) => `Thumbnail of ${name}`,
    noThumbnail: "no preview",
    examine: "Examine",
    remove: "Remove",
    removeNamed: (name) => `Remove ${name}`,
    examineNamed: (name) => `Examine ${name}`,
    again: "Try again",
    anyway: "Use the readable part",
    region: (name) => `Result for ${name}`,
  },

  answer: {
    sure: (share) => `${percent(share)} sure`,
    model: (rate) => `At this level, at most ${inHundred(rate)} answers are wrong, on cameras that were not trained on.`,
    family: (n, rate) => `One of ${n} models whose pictures are alike. At most ${inHundred(rate)} such answers are wrong.`,
    make: (make, rate) => `A ${make}; the picture does not tell which one surely enough. At most ${inHundred(rate)} such answers are wrong.`,
    unlike: (n) => `It is unlike what the ${n} camera models known here produce. That is a finding too.`,
    unclear: "It may be a known camera, but none of them is certain enough to be named. That is a finding too.",
    unknownTitle: "Unknown camera",
    unknownSure: (share) => `${percent(share)} that it is none of those known`,
    levels: { model: "camera model", family: "family of models", make: "maker", unknown: "unknown" },
    said: {
      model: (answer) => answer,
      family: (members) => (members.length <= 3 ? members.join(" or ") : `One of ${members.length} models`),
      make: (answer) => `A ${answer}, model unclear`,
    },
    rankingTitle: "How probable is each?",
    rankingNote: "Calibrated, were known and unknown cameras equally frequent.",
    noneOfThem: "none of the cameras known",
    otherKnown: "all other known cameras",
    claims: (name) => `The file says it was taken by a ${name}. That was not used for the answer.`,
    claimsNothing: "The file does not say which camera took it.",
    agrees: "This agrees with the answer.",
    contradicts: "This does not agree with the answer.",
    warnings: "Keep in mind",
    members: "The models it stands for",
  },

  errors: {
    titles: {
      413: "Too large",
      415: "Not a picture this can read",
      422: "This picture cannot be used",
      404: "Not found",
      408: "The upload was too slow",
      409: "That does not go",
      401: "This server wants its token",
      500: "Something broke",
      501: "Not installed here",
      503: "Busy",
      504: "It took too long",
      507: "No room left",
      0: "The server does not answer",
    },
    other: "That did not work",
    offline: "Is whichcam still running? Start it again with “whichcam serve” and try once more.",
    token: "Open the whole address that the server printed when it was started; the token is part of it.",
    nothing: "The server gave no reason.",
  },

  table: {
    cards: "Cards",
    table: "Table",
    view: "Show as",
    caption: "Results, one row a picture",
    columns: { name: "Picture", answer: "Answer", level: "Level", confidence: "Sure", exif: "File says", warnings: "Notes", state: "State" },
    levels: { model: "model", family: "family", make: "make", unknown: "unknown" },
    csv: "Save CSV",
    json: "Save JSON",
    clear: "Remove all",
    stop: "Stop",
    progress: (done, total) => `${done} of ${count(total, "picture")} looked at`,
    failed: (n) => `${n} could not be used`,
  },

  cameras: {
    heading: "Your cameras",
    lead: "A sensor has a pattern of its own, like a fingerprint. Enrol a camera from its pictures, then ask whether it took another one.",
    empty: "No camera is enrolled yet",
    emptySteps: [
      ["Take 20 pictures or more", "of something bright, even and out of focus, such as an overcast sky. Any originals will do, but more of them are needed."],
      ["Give them here, with a name", "They are read once. The fingerprint is kept, the pictures are not."],
      ["Ask", "whether this very camera took a picture, or which of all your cameras did."],
    ],
    enroll: "Enrol a camera",
    import: "Import",
    search: "Find a picture's camera",
    verify: "Did it take a picture?",
    verifyNamed: (name) => `Did ${name} take a picture?`,
    export: "Export",
    rename: "Rename",
    remove: "Remove",
    more: "More",
    quality: "Fingerprint",
    qualityWords: (q) => (q >= 0.7 ? "good" : q >= 0.4 ? "fair: more pictures would help" : "weak: more pictures are needed"),
    madeOf: (n) => `from ${count(n, "picture")}`,
    enrolled: (day) => `enrolled ${day}`,
    unknownModel: "model not known",
    alike: (names) => `Its fingerprint matches that of ${names}: a match does not tell them apart.`,
    unfinished: (names) => `Begun and broken off: ${names}. Enrol again with the same pictures and it goes on.`,
    removeTitle: (name) => `Remove ${name}?`,
    removeText: "Its fingerprint is deleted from this gallery for good. To keep a copy, export it first.",
    removed: (name) => `${name} was removed.`,
    imported: (name) => `${name} was imported.`,
    renameTitle: (name) => `Rename ${name}`,
    newName: "New name",
    loading: "Reading the gallery …",
  },

  enroll: {
    heading: "Enrol a camera",
    name: "Name of the camera",
    namePlaceholder: "such as: Anna's phone",
    photos: "Its pictures",
    photosHint: "20 or more originals by this one camera; best of an even, bright surface.",
    chosen: (n, bytes) => `${count(n, "picture")} chosen, ${bytes}`,
    choose: "Choose pictures",
    options: "Options",
    align: "Turn pictures that are stored turned against the others",
    keepEdited: "Also use pictures whose files say that they were edited",
    replace: "Replace the fingerprint of this size, if there is one",
    begin: "Enrol",
    cancel: "Cancel",
    close: "Close",
    sending: "Sending the pictures …",
    queued: "Waiting for a worker …",
    stage: (stage, done, total) => `${stage}: ${done} of ${total}`,
    needName: "Give the camera a name.",
    needPhotos: "Choose its pictures first.",
    cancelled: "Cancelled. The gallery is as it was.",
    done: (name, n) => `${name} is enrolled from ${count(n, "picture")}.`,
    leftOut: (n) => `${count(n, "picture")} left out`,
    needs: "What would make it better",
    warnings: "Keep in mind",
    progress: "Progress of the enrolment",
  },

  compare: {
    verifyHeading: (name) => `Did ${name} take it?`,
    searchHeading: "Which of your cameras took it?",
    choose: "Choose a picture",
    drop: "Drop a picture here, or",
    crop: "It may be a crop: look at all places of the sensor (slow)",
    begin: "Compare",
    close: "Close",
    looking: "Comparing …",
    reaches: "The pattern matches",
    reachesText: (rate) => `The score is above what other cameras reach in ${rate} comparisons.`,
    misses: "No match",
    missesText: "The score is one that other cameras reach too. That does not say it was another camera: dark, very compressed, resized or stabilised pictures carry little of the pattern.",
    score: "Score",
    threshold: "Threshold",
    lr: "Likelihood ratio",
    lrText: (log10) => (log10 >= 0 ? `${format.ratio(log10)} if this camera took it than if another did` : `${format.ratio(log10)} if another camera took it`),
    noLr: "none: this camera has no calibration",
    chance: "Chance of this by accident",
    chanceText: (log10) => (log10 < -300 ? "below 10⁻³⁰⁰" : log10 > -2 ? percent(10 ** log10) : `about 10 to the power of ${Math.round(log10)}`),
    pce: "PCE",
    hits: "Best first",
    searched: (n, m) => `${count(n, "fingerprint")} searched of ${count(m, "camera")}.`,
    nothingReaches: "None of your cameras matches",
    aboveThreshold: "matches",
    belowThreshold: "no match",
    scale: (score, threshold) => `Score ${score}, threshold ${threshold}`,
  },

  dialog: { cancel: "Cancel", ok: "OK" },
};
