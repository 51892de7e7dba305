import type { ContainerEngine } from '@palisade/engine/engine';

/** The engine of the moment as one that lasts: every call goes to the one there is, and fails with its reason while there is none. */
export function presentEngine(engine: () => ContainerEngine | undefined): ContainerEngine {
  const now = (): ContainerEngine => {
    const present = engine();
    if (present === undefined) throw new Error('no container engine answers on this node');
    return present;
  };
  return {
    kind: 'docker',
    version: async () => now().version(),
    images: async () => now().images(),
    image: async (reference) => now().image(reference),
    containers: async () => now().containers(),
    container: async (id) => now().container(id),
    events: (signal) => now().events(signal),
    export: async (reference, signal) => now().export(reference, signal),
    act: async (id, action) => now().act(id, action),
  };
}
