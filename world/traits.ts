// object traits/true
// What true answers to.

// method ifTrue:ifFalse:
// Answers the value of the first block.
function ifTrueIfFalse(self, whenTrue, whenFalse) {
  return typeof whenTrue === 'function' ? whenTrue() : whenTrue.value()
}

// method ifTrue:
// Answers the value of the block.
function ifTrue(self, block) {
  return typeof block === 'function' ? block() : block.value()
}

// method ifFalse:
// Answers nil.
function ifFalse(self, block) {
  return null
}

// method not
// Answers false.
function not(self) {
  return false
}

// object traits/false
// What false answers to.

// method ifTrue:ifFalse:
// Answers the value of the second block.
function ifTrueIfFalse(self, whenTrue, whenFalse) {
  return typeof whenFalse === 'function' ? whenFalse() : whenFalse.value()
}

// method ifTrue:
// Answers nil.
function ifTrue(self, block) {
  return null
}

// method ifFalse:
// Answers the value of the block.
function ifFalse(self, block) {
  return typeof block === 'function' ? block() : block.value()
}

// method not
// Answers true.
function not(self) {
  return true
}

// object traits/nil
// What nil answers to.

// method isNil
// Answers true.
function isNil(self) {
  return true
}

// method ifNil:
// Answers the value of the block.
function ifNil(self, block) {
  return typeof block === 'function' ? block() : block.value()
}

// method ifTrue:ifFalse:
// Nil is not true: answers the value of the second block.
function ifTrueIfFalse(self, whenTrue, whenFalse) {
  return typeof whenFalse === 'function' ? whenFalse() : whenFalse.value()
}
