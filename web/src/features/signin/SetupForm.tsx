import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { setUp } from '@/api/generated/sdk.gen.ts';
import { Problem } from '@/api/problem.ts';
import { Button } from '@/ui/Button.tsx';
import { Field } from '@/ui/Field.tsx';
import { Select } from '@/ui/Select.tsx';
import styles from './Frame.module.css';
import { ProblemNote } from './ProblemNote.tsx';
import { deviceZone, timeZones } from './timeZones.ts';

const shortest = 10; // characters; the server refuses fewer

export function SetupForm({ token, onDone }: { token: string; onDone: (backup: string) => void }) {
  const { t, i18n } = useTranslation('signin');
  const [timeZone, setTimeZone] = useState(deviceZone());
  const [zones] = useState(() => timeZones(new Date(), i18n.language));
  const make = useMutation({
    mutationFn: (form: FormData) => {
      const text = (name: string) => String(form.get(name)).trim();
      const password = String(form.get('password'));
      const body = {
        token,
        timeZone,
        school: text('school'),
        name: text('name'),
        login: text('login'),
        password,
      };
      return ask(setUp({ body }));
    },
    onSuccess: (answer) => onDone(answer.masterKeyBackup),
  });
  const wrong = (name: string) =>
    make.error instanceof Problem && make.error.fields.includes(name) ? t('setup.wrongField') : undefined;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!make.isPending) make.mutate(new FormData(event.currentTarget));
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <ProblemNote failure={make.error} />
      <fieldset className={styles.group}>
        <legend>{t('setup.school')}</legend>
        <Field
          name="school"
          label={t('setup.schoolName')}
          placeholder={t('setup.schoolExample')}
          error={wrong('school')}
          required
          maxLength={200}
          autoComplete="organization"
        />
        <Select
          label={t('setup.timeZone')}
          hint={t('setup.timeZoneHint')}
          error={wrong('timeZone')}
          value={timeZone}
          onChange={setTimeZone}
          options={zones}
        />
      </fieldset>
      <fieldset className={styles.group}>
        <legend>{t('setup.you')}</legend>
        <Field
          name="name"
          label={t('setup.name')}
          hint={t('setup.nameHint')}
          error={wrong('name')}
          required
          maxLength={200}
          autoComplete="name"
        />
        <Field
          name="login"
          label={t('login')}
          error={wrong('login')}
          required
          maxLength={100}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
        />
        <Field
          name="password"
          type="password"
          label={t('password')}
          hint={t('setup.passwordHint', { count: shortest })}
          error={wrong('password')}
          required
          minLength={shortest}
          maxLength={256}
          autoComplete="new-password"
        />
      </fieldset>
      <Button type="submit" look="act" size="l" wide busy={make.isPending}>
        {t('setup.make')}
      </Button>
    </form>
  );
}
