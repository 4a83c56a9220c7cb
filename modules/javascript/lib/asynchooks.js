// AsyncLocalStorage over the part of the call that is synchronous: QuickJS has no hook that follows promises.

class AsyncLocalStorage {
  #store;
  run(store, f, ...args) {
    const before = this.#store;
    this.#store = store;
    try {
      return f(...args);
    } finally {
      this.#store = before;
    }
  }
  exit(f, ...args) {
    return this.run(undefined, f, ...args);
  }
  enterWith(store) {
    this.#store = store;
  }
  getStore() {
    return this.#store;
  }
  disable() {
    this.#store = undefined;
  }
}

class AsyncResource {
  runInAsyncScope(f, self, ...args) {
    return f.apply(self, args);
  }
  emitDestroy() {
    return this;
  }
}

module.exports = { AsyncLocalStorage, AsyncResource, executionAsyncId: () => 1, triggerAsyncId: () => 0, createHook: () => ({ enable() {}, disable() {} }) };
