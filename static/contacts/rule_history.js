// What the tree was before: undo and redo of everything done in the builder.

const LONGEST = 100;

export class History {
  constructor(tree) {
    this.past = [];
    this.future = [];
    this.now = tree;
    this.place = null;
  }

  // A new state. Typing on in one place (any object) is one step back.
  note(tree, place = null) {
    if (tree === this.now) return;
    if (!place || place !== this.place) {
      this.past.push(this.now);
      if (this.past.length > LONGEST) this.past.shift();
    }
    this.future = [];
    this.place = place;
    this.now = tree;
  }

  // What the server added to the last step.
  amend(tree) {
    this.now = tree;
  }

  undo() {
    return this.step(this.past, this.future);
  }

  redo() {
    return this.step(this.future, this.past);
  }

  step(from, to) {
    if (!from.length) return null;
    to.push(this.now);
    this.place = null;
    this.now = from.pop();
    return this.now;
  }
}
