// What the browser keeps of a reader's work: one entry for each cell. Nothing of it is ever sent anywhere.

const PREFIX = "backprop-course:1:"; // the number goes up when the form of an entry changes
const unkept = new Map(); // where the browser keeps nothing, until the page is left

function valid(entry) {
  return entry !== null && typeof entry === "object" && typeof entry.text === "string";
}

// Returns {text, tried, verdict, changed, made} of a cell such as "ps4_two_layer/compute_dW2", or null. `verdict` is that
// of the last check, {passed, mistake, points, max_points}; `changed` says that the text is another one since; `made` is
// how often each mistake was made since it was right.
export function load(cell) {
  try {
    const entry = JSON.parse(localStorage.getItem(PREFIX + cell));
    return valid(entry) ? entry : unkept.get(cell) ?? null;
  } catch {
    return unkept.get(cell) ?? null;
  }
}

// Returns whether the browser keeps it.
export function save(cell, entry) {
  try {
    localStorage.setItem(PREFIX + cell, JSON.stringify(entry));
    unkept.delete(cell);
    return true;
  } catch {
    unkept.set(cell, entry);
    return false;
  }
}

export function remove(cell) {
  unkept.delete(cell);
  try {
    localStorage.removeItem(PREFIX + cell);
  } catch {
    // nothing was kept
  }
}

// Returns all entries, by cell.
export function all() {
  const found = new Map(unkept);
  try {
    for (let k = 0; k < localStorage.length; k++) {
      const key = localStorage.key(k);
      const cell = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : null;
      const entry = cell && load(cell);
      if (entry) found.set(cell, entry);
    }
  } catch {
    // nothing was kept
  }
  return found;
}

// Returns the reader's texts for an assignment, by function.
export function answers(assignment) {
  const texts = {};
  for (const [cell, entry] of all()) {
    const [of, name] = cell.split("/");
    if (of === assignment) texts[name] = entry.text;
  }
  return texts;
}
