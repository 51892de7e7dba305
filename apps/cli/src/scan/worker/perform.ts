import { analyseImage, analyseRoot } from '@palisade/image/analyse';
import type { AnalyseOptions } from '@palisade/image/analyse';
import { openArchiveFile, openOci, openOciFile } from '@palisade/image/open';
import type { OpenedImage } from '@palisade/image/source/opened-image';
import { createScanner } from '../analyzers.ts';
import { describe } from '../describe.ts';
import type { Described } from '../describe.ts';
import type { Job, Source } from './job.ts';

/** Does a job in this process. `fd` holds the bytes where the source needs them, and is owned from here on. */
export async function perform(job: Job, fd: number | undefined, options: Omit<AnalyseOptions, 'verify'>): Promise<Described> {
  const { source, target } = job;
  if (source.kind === 'sbom') {
    const { describeSbom } = await import('../sbom.ts');
    return describeSbom(descriptor(fd), source.name);
  }
  const scanner = createScanner(job.rules);
  const { analyzers } = scanner;
  if (source.kind === 'directory') return describe(scanner, { target, analysis: await analyseRoot(source.root, analyzers, { signal: options.signal, skip: new Map(source.skip) }), opened: null });
  const opened = await openSource(source, fd);
  try {
    const analysis = await analyseImage(opened, analyzers, { ...options, verify: job.verify });
    return describe(scanner, { target, analysis, opened });
  } finally {
    opened.close();
  }
}

async function openSource(source: Exclude<Source, { kind: 'directory' | 'sbom' }>, fd: number | undefined): Promise<OpenedImage> {
  switch (source.kind) {
    case 'archive':
      return openArchiveFile(descriptor(fd), source.name, source);
    case 'oci-archive':
      return openOciFile(descriptor(fd), source.name, source);
    case 'oci-directory':
      return openOci(source.wanted === undefined ? source.path : `${source.path}#${source.wanted}`, source.platform);
    case 'engine': {
      const { openEnginePlan } = await import('@palisade/image/source/engine-image');
      return openEnginePlan(source.plan, fd);
    }
    case 'registry': {
      const { openRegistryPlan } = await import('@palisade/image/source/registry/plan');
      return openRegistryPlan(source.plan, descriptor(fd));
    }
  }
}

function descriptor(fd: number | undefined): number {
  if (fd === undefined) throw new Error('the job came without its file');
  return fd;
}
