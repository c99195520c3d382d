import type { ContainerName, Document } from '../store/document-store.ts';

/** The newest state that a document is known to have had; undefined when it is known to be deleted. */
export type LastKnown = (container: ContainerName, inBackup: Document) => Document | undefined;

export const noneKnown: LastKnown = (_, inBackup) => inBackup;
