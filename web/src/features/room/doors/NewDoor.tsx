import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { addDoor } from '@/api/generated/sdk.gen.ts';
import type { DoorMade, NewDoor as Wanted } from '@/api/generated/types.gen.ts';
import { Problem } from '@/api/problem.ts';
import { doorsQuery } from '@/api/queries.ts';
import { problemWords } from '@/parts/problemText.ts';
import { Button } from '@/ui/Button.tsx';
import { Field } from '@/ui/Field.tsx';
import { Select } from '@/ui/Select.tsx';
import styles from './Doors.module.css';

/** Minutes that a token may be good for. */
const spans = ['120', '480', '1440', '10080'] as const;

interface Props {
  lesson: string;
  onBack: () => void;
  onMade: (made: DoorMade) => void;
}

/** What the device is called, which way it goes, for how long. */
export function NewDoor({ lesson, onBack, onMade }: Props) {
  const { t } = useTranslation('room');
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const first = useRef<HTMLInputElement>(null);
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Wanted['kind']>('publish');
  const [minutes, setMinutes] = useState('480');
  const [nameless, setNameless] = useState(false);
  useEffect(() => first.current?.focus(), []);
  const add = useMutation({
    mutationFn: () =>
      ask(addDoor({ path: { id: lesson }, body: { name: name.trim(), kind, minutes: Number(minutes) } })),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: doorsQuery(lesson).queryKey });
      onMade(made);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setNameless(!name.trim());
    if (name.trim() && !add.isPending) add.mutate();
    else first.current?.focus();
  };
  const full = add.error instanceof Problem && add.error.code === 'conflict';
  const failure = add.error && !full ? problemWords(add.error, common) : undefined;
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <Field
        ref={first}
        label={t('doors.name')}
        hint={t('doors.nameHint')}
        error={nameless && !name.trim() ? t('doors.nameMissing') : undefined}
        value={name}
        onChange={(event) => setName(event.target.value)}
        maxLength={60}
        autoComplete="off"
        data-testid="door-name"
      />
      <Select
        label={t('doors.kind')}
        value={kind}
        onChange={(value) => setKind(value as Wanted['kind'])}
        options={(['publish', 'watch'] as const).map((value) => ({
          value,
          label: t(`doors.kinds.${value}`),
        }))}
        data-testid="door-kind"
      />
      <Select
        label={t('doors.span')}
        hint={t('doors.spanHint')}
        value={minutes}
        onChange={setMinutes}
        options={spans.map((value) => ({ value, label: t(`doors.spans.${value}`) }))}
      />
      {full && (
        <p className={styles.problem} role="alert">
          {t('doors.full')}
        </p>
      )}
      {failure && (
        <p className={styles.problem} role="alert">
          <strong>{failure.title}.</strong> {failure.text}
        </p>
      )}
      <div className={styles.actions}>
        <Button onClick={onBack}>{common('cancel')}</Button>
        <Button type="submit" look="act" busy={add.isPending} data-testid="door-make">
          {t('doors.make')}
        </Button>
      </div>
    </form>
  );
}
