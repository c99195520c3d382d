import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface SecondFactorSettingProps {
  readonly slug: string;
  readonly required: boolean;
  /** Whether the one who looks has proved a second step, without which the setting cannot be changed. */
  readonly ownSecondFactor: boolean;
  readonly csrf: string;
}

/** For owners. POST /organizations/{slug}/second-factor with required: `yes` or `no`. */
export const SecondFactorSetting = ({ slug, required, ownSecondFactor, csrf }: SecondFactorSettingProps) => (
  <section class="card stack">
    <h2>Second step at sign-in</h2>
    <p>
      {required
        ? 'Every member needs a second step to get in here.'
        : 'Members get in with their e-mailed code or password alone. You can ask all of them for a second step: a code from an app. Who has none yet is asked to set it up.'}
    </p>
    {ownSecondFactor ? (
      <PostForm
        action={portalPaths.requireSecondFactor(slug)}
        csrf={csrf}
        hidden={{ required: required ? 'no' : 'yes' }}
      >
        <button class="quiet">{required ? 'No longer require it' : 'Require it of every member'}</button>
      </PostForm>
    ) : (
      <p class="muted">
        <a href={portalPaths.secondFactor}>Set up your own second step</a> first.
      </p>
    )}
  </section>
);
