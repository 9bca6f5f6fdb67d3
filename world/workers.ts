// object weaver
// The CognitiveWeaver: which facet of a persona speaks, and, one day, which adapters are at hand for it.

// parents genesis

// method facetsOf:
// Answers the facets of a persona: a list of maps of name, kind, purpose and text.
function facetsOf(self, persona) {
  return mirror.get(persona, 'facets') ?? []
}

// method ask:of:for:
// Answers what a persona says to a text with its facet for a purpose: dialogue, review or code.
function askOfFor(self, text, persona, purpose) {
  return mirror.ask(persona, text, [], purpose)
}

// object crucible
// The AlchemicalCrucible: it judges drafts before they become methods, and shows what it did.

// parents genesis

// method cases
// Answers the newest cases in short, the newest first: id, time, holder, selector, model, drafts, passed, outcome.
function cases(self) {
  return mirror.cases()
}

// method case:
// Answers all that one case has: who drafted, each draft with its gate, the vote, and what became of it.
function caseOf(self, id) {
  return mirror.case(id)
}

// object swap
// AtomicSwap: a method that passed the Crucible is put in place as one turn, if nothing that it relied on has moved.

// parents genesis

// object scribe
// The AutopoieticScribe: it gathers what was asked and what became of it, for the forge to learn from.

// parents genesis
