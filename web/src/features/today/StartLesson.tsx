import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { addLesson } from '@/api/generated/sdk.gen.ts';
import type { Named } from '@/api/generated/types.gen.ts';
import { meQuery, peopleQuery, todayQuery } from '@/api/queries.ts';
import { problemWords } from '@/parts/problemText.ts';
import { Button } from '@/ui/Button.tsx';
import { Dialog } from '@/ui/Dialog.tsx';
import { Field } from '@/ui/Field.tsx';
import { Select } from '@/ui/Select.tsx';
import { Skeleton } from '@/ui/Skeleton.tsx';
import { Switch } from '@/ui/Switch.tsx';
import styles from './StartLesson.module.css';

const lastClass = 'zvonok.lastClass';

/** A teacher's own classes; the admin, who is in none, may teach any. */
function useMyClasses(): readonly Named[] | undefined {
  const { person } = useSuspenseQuery(meQuery).data;
  const all = person.role === 'admin' && person.classes.length === 0;
  const people = useQuery({ ...peopleQuery, enabled: all });
  return all ? people.data?.classes : person.classes;
}

function Form({ classes, onClose }: { classes: readonly Named[]; onClose: () => void }) {
  const { t } = useTranslation('today');
  const { t: common } = useTranslation();
  const form = useId();
  const client = useQueryClient();
  const navigate = useNavigate();
  const kept = localStorage.getItem(lastClass);
  const [classId, setClassId] = useState((classes.find((one) => one.id === kept) ?? classes[0])?.id ?? '');
  const [title, setTitle] = useState<string>();
  const [recorded, setRecorded] = useState(true);
  const className = classes.find((one) => one.id === classId)?.name ?? '';
  const shownTitle = title ?? t('start.titleOf', { className });
  const start = useMutation({
    mutationFn: () => ask(addLesson({ body: { classId, title: shownTitle.trim(), recorded } })),
    onSuccess: async (lesson) => {
      localStorage.setItem(lastClass, classId);
      void client.invalidateQueries({ queryKey: todayQuery.queryKey });
      await navigate({ to: '/lesson/$id', params: { id: lesson.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!start.isPending) start.mutate();
  };
  const failure = start.error ? problemWords(start.error, common) : undefined;
  return (
    <form id={form} className={styles.form} onSubmit={submit}>
      {failure && (
        <p className={styles.problem} role="alert">
          <strong>{failure.title}.</strong> {failure.text}
        </p>
      )}
      <Select
        label={t('start.class')}
        value={classId}
        onChange={setClassId}
        options={classes.map(({ id, name }) => ({ value: id, label: name }))}
      />
      <Field
        label={t('start.title')}
        value={shownTitle}
        onChange={(event) => setTitle(event.target.value)}
        required
        maxLength={200}
      />
      <Switch
        label={t('start.record')}
        hint={recorded ? t('start.recordOn') : t('start.recordOff')}
        checked={recorded}
        onChange={setRecorded}
      />
      <div className={styles.actions}>
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" look="bell" icon="bell" busy={start.isPending} autoFocus>
          {t('start.go')}
        </Button>
      </div>
    </form>
  );
}

/** Two clicks: open, start. All is filled in; what is usual needs no change. */
export function StartLesson({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('today');
  const { t: common } = useTranslation();
  const classes = useMyClasses();
  const none = classes?.length === 0;
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('start.open')}
      closeLabel={common('close')}
      text={none ? t('start.noClasses') : undefined}
    >
      {!classes && <Skeleton height={200} />}
      {classes && !none && <Form classes={classes} onClose={onClose} />}
    </Dialog>
  );
}
