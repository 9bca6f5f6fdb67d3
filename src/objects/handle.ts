// Owns: what an object of the world is to JavaScript itself: a proxy that reads, assigns, removes and lists slots.
// Leaves: slots and sends to world.ts.
// Laws: OB25 `in` follows the chain; keys, spread and JSON see own data. OB35 the language cannot reshape an object: its
// prototype, its accessors and its being frozen are not there to change.
import { findHolder } from './delegation.ts'
import type { ObjectState } from './object.ts'
import type { World } from './world.ts'

const refuse = (what: string): never => {
  throw new TypeError(`${what} an object of the world is not possible`)
}

/** The handler of every handle of a world. Symbols are no names: they read as undefined and cannot be assigned. */
export function makeHandler(world: World): ProxyHandler<ObjectState> {
  return {
    get: (state, name) => (typeof name === 'string' ? world.read(state, name) : undefined),
    set: (state, name, value) => {
      if (typeof name === 'symbol') return refuse('a symbol as a slot of')
      world.write(state, name, value)
      return true
    },
    has: (state, name) => typeof name === 'string' && findHolder(world, state, name) !== undefined,
    deleteProperty: (state, name) => {
      if (typeof name === 'string') world.remove(state, name)
      return true
    },
    ownKeys: (state) => world.dataNames(state),
    getOwnPropertyDescriptor: (state, name) => {
      if (typeof name !== 'string' || !world.hasData(state, name)) return undefined
      const value = world.read(state, name)
      return { value, writable: true, enumerable: true, configurable: true }
    },
    getPrototypeOf: () => null,
    setPrototypeOf: () => refuse('changing the prototype of'),
    defineProperty: () => refuse('defining a property on'),
    preventExtensions: () => refuse('freezing'),
  }
}
