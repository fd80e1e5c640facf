/** Typed events: a listener that throws never stops the others. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(...args: never[]) => void>>();

  /** Returns a function that removes the listener again. */
  on<E extends keyof Events>(event: E, listener: Events[E]): () => void {
    let set = this.#listeners.get(event);
    if (!set) {
      set = new Set();
      this.#listeners.set(event, set);
    }
    const entry = listener as (...args: never[]) => void;
    set.add(entry);
    return () => set.delete(entry);
  }

  emit<E extends keyof Events>(
    event: E,
    ...args: Events[E] extends (...args: infer Args) => void ? Args : never
  ): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (...args: unknown[]) => void)(...args);
      } catch (error) {
        // The page's own fault: shown as such, outside of our call stack.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
