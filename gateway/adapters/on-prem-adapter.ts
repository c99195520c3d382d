/** A user of the on-prem application that can read the items of one dashboard, and nothing else. */
export interface ServiceUser {
  readonly name: string;
  readonly password: string;
}

export interface DashboardReference {
  readonly id: string;
  readonly title: string;
  /** Path and query where a viewer starts. */
  readonly entryPath: string;
  readonly items: readonly string[];
}

export interface KnownDashboard extends DashboardReference {
  /** The calls it makes, as an explicit list. */
  readonly calls: readonly unknown[];
}

/** What a gateway must be able to do with one kind of on-prem application. */
export interface OnPremAdapter {
  /** False where the application has no users: nothing is made, and requests go out as they are. */
  readonly hasUsers: boolean;
  /** Making one that is there already is no error. @throws GatewayError `upstream` */
  createServiceUser(user: ServiceUser, dashboard: DashboardReference): Promise<void>;
  /** Deleting one that is gone is no error. @throws GatewayError `upstream` */
  deleteServiceUser(name: string): Promise<void>;
  /** Headers that make a request the user's. */
  authenticate(user: ServiceUser): Record<string, string>;
  /**
   * Whether this is the name and password of somebody who administers the application; absent where it has no users.
   * @throws GatewayError `upstream`, `unreachable` when the application cannot say
   */
  verifyAdministrator?(name: string, password: string): Promise<boolean>;
  /** What the application itself knows of a dashboard; undefined where it cannot tell. */
  describeDashboard(id: string): Promise<KnownDashboard | undefined>;
}
