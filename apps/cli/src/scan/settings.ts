import type { ImageConfig } from '@palisade/image/source/opened-image';
import type { ImageSettings } from '@palisade/inspect/image-config/detector';
import type { Setting } from '@palisade/inspect/secrets/findings';

/** The parts of an image's configuration that detectors judge; history keeps its order, each entry with the layer it made. */
export function settingsOf(config: ImageConfig, base: string | undefined): ImageSettings {
  const settings = config.config ?? {};
  const test = settings.Healthcheck?.Test ?? [];
  let layer = 0;
  const history = (config.history ?? []).map((entry) => {
    const made = entry.empty_layer === true ? undefined : config.rootfs.diff_ids[layer++];
    return { instruction: entry.created_by ?? '', ...(made === undefined ? {} : { layer: made }) };
  });
  return {
    user: settings.User ?? '',
    env: settings.Env ?? [],
    exposedPorts: Object.keys(settings.ExposedPorts ?? {}),
    healthcheck: test.length > 0 && test[0] !== 'NONE',
    history,
    ...(base === undefined ? {} : { base }),
  };
}

/** Texts of the configuration in which secrets may stand. */
export function secretSettings(settings: ImageSettings, config: ImageConfig): Setting[] {
  return [
    ...settings.env.map((entry) => ({ name: `ENV ${entry.split('=', 1)[0] ?? ''}`, text: entry })),
    ...settings.history.map((entry) => ({ name: 'history', text: entry.instruction, ...(entry.layer === undefined ? {} : { layer: entry.layer }) })),
    ...Object.entries(config.config?.Labels ?? {}).map(([name, value]) => ({ name: `LABEL ${name}`, text: `${name}=${value}` })),
    { name: 'ENTRYPOINT/CMD', text: [...(config.config?.Entrypoint ?? []), ...(config.config?.Cmd ?? [])].join(' ') },
  ];
}
