// object genesis
// The first object. Every other has it above, and what it does not understand it asks the mind for.

// method clone
// Answers a new object whose parent is the receiver. Nothing is copied.
function clone(self) {
  return mirror.clone(self)
}

// method clone:
// Answers a new object whose parent is the receiver, bound to the name at the root of the image.
function cloneNamed(self, name) {
  return mirror.bind(name, mirror.clone(self))
}

// method setSlot:value:
// Gives the receiver's own slot a value, making the slot if it is not there. Answers the value.
function setSlotValue(self, name, value) {
  return mirror.set(self, name, value)
}

// method removeSlot:
// Removes the receiver's own slot. Answers whether there was one.
function removeSlot(self, name) {
  return mirror.remove(self, name)
}

// method ifTrue:ifFalse:
// An object that is there is as good as true: answers the value of the first block.
function ifTrueIfFalse(self, whenTrue, whenFalse) {
  return typeof whenTrue === 'function' ? whenTrue() : whenTrue.value()
}

// method whileTrue:
// Runs the block for as long as the receiver answers true to `value`. Answers how often it ran.
function whileTrue(self, block) {
  let rounds = 0
  while (self.value() === true) {
    if (typeof block === 'function') block()
    else block.value()
    rounds++
  }
  return rounds
}

// method respondsTo:
// Answers whether the receiver understands the message without learning it.
function respondsTo(self, selector) {
  return mirror.understands(self, selector)
}

// method after:send:
// Sends the receiver a message without arguments, so many milliseconds after this one is kept. Answers when, as a number.
function afterSend(self, milliseconds, selector) {
  return mirror.later(self, selector, [], milliseconds)
}

// method after:send:args:
// Sends the receiver a message with a list of arguments, so many milliseconds after this one is kept. Answers when.
function afterSendArgs(self, milliseconds, selector, args) {
  return mirror.later(self, selector, args, milliseconds)
}

// method cancelLater:
// Calls off the messages of that name to the receiver that have not left.
function cancelLater(self, selector) {
  mirror.cancelLater(self, selector)
  return self
}

// method fetch:
// Answers what a host that is allowed answers to a URL or a request: a map of status, headers and body.
function fetchRequest(self, request) {
  return mirror.fetch(request)
}

// method request:then:
// Makes a request after this message is kept; its answer, or its fault, comes to the receiver as a message with one map.
function requestThen(self, request, selector) {
  return mirror.request(request, self, selector)
}

// method slotNames
// Answers the names of all slots that the receiver answers to, its own first.
function slotNames(self) {
  return mirror.slotNames(self)
}

// method doesNotUnderstand:
// Asks the mind for the method that is missing. The message is run again when there is one.
function doesNotUnderstand(self, message) {
  return mirror.learn(self, message)
}
