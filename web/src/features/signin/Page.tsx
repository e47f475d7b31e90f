import { useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type FormEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { signInByPassword } from '@/api/generated/sdk.gen.ts';
import { Button } from '@/ui/Button.tsx';
import { Field } from '@/ui/Field.tsx';
import styles from './Frame.module.css';
import { Frame } from './Frame.tsx';
import { ProblemNote } from './ProblemNote.tsx';
import { useArrive } from './useArrive.ts';

const route = getRouteApi('/sign-in');

export default function Page() {
  const { t } = useTranslation('signin');
  const { next } = route.useSearch();
  const arrive = useArrive();
  const password = useRef<HTMLInputElement>(null);
  const signIn = useMutation({
    mutationFn: (form: FormData) =>
      ask(
        signInByPassword({
          body: { login: String(form.get('login')).trim(), password: String(form.get('password')) },
        }),
      ),
    onSuccess: (answer) => arrive(answer.next || next),
    onError: () => password.current?.select(),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!signIn.isPending) signIn.mutate(new FormData(event.currentTarget));
  };
  return (
    <Frame title={t('title')} lead={next ? t('leadNext') : t('lead')}>
      <form className={styles.form} onSubmit={submit}>
        <ProblemNote failure={signIn.error} />
        <Field
          name="login"
          label={t('login')}
          required
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={100}
        />
        <Field
          ref={password}
          name="password"
          type="password"
          label={t('password')}
          required
          autoComplete="current-password"
          maxLength={256}
        />
        <Button type="submit" look="act" size="l" wide busy={signIn.isPending}>
          {t('enter')}
        </Button>
      </form>
      <details className={styles.note}>
        <summary>{t('noPassword')}</summary>
        {t('linkNeeded')}
      </details>
    </Frame>
  );
}
