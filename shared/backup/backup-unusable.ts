export type BackupFault = 'missing' | 'damaged' | 'foreign' | 'newer' | 'key-missing';

/** A backup cannot be used; nothing was changed. */
export class BackupUnusable extends Error {
  override name = 'BackupUnusable';
  readonly fault: BackupFault;

  constructor(fault: BackupFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
