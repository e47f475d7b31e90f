import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { addClass } from '@/api/generated/sdk.gen.ts';
import type { Named, Person } from '@/api/generated/types.gen.ts';
import { Problem } from '@/api/problem.ts';
import { peopleQuery } from '@/api/queries.ts';
import { problemWords } from '@/parts/problemText.ts';
import { Button } from '@/ui/Button.tsx';
import { Dialog } from '@/ui/Dialog.tsx';
import { Field } from '@/ui/Field.tsx';
import { toast } from '@/ui/Toast.tsx';
import styles from './Page.module.css';

function AddClass({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('school');
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: (name: string) => ask(addClass({ body: { name } })),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: peopleQuery.queryKey });
      toast({ tone: 'good', text: t('classes.added', { name: made.name }) });
      onClose();
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name')).trim();
    if (name && !add.isPending) add.mutate(name);
  };
  const taken = add.error instanceof Problem && add.error.code === 'conflict';
  const error = add.error ? (taken ? t('classes.taken') : problemWords(add.error, common).title) : undefined;
  return (
    <Dialog open onClose={onClose} title={t('classes.add')} closeLabel={common('close')}>
      <form className={styles.form} onSubmit={submit}>
        <Field
          name="name"
          label={t('classes.name')}
          placeholder={t('classes.example')}
          error={error}
          required
          maxLength={60}
          autoComplete="off"
        />
        <div className={styles.actions}>
          <Button onClick={onClose}>{common('cancel')}</Button>
          <Button type="submit" look="act" busy={add.isPending}>
            {t('classes.add')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface Props {
  classes: readonly Named[];
  people: readonly Person[];
  /** The id of the class whose people are shown; empty for all. */
  chosen: string;
  onChoose: (classId: string) => void;
}

/** Classes are also the filter of the list below. */
export function Classes({ classes, people, chosen, onChoose }: Props) {
  const { t, i18n } = useTranslation('school');
  const [adding, setAdding] = useState(false);
  const collator = new Intl.Collator(i18n.language, { numeric: true });
  const sorted = [...classes].sort((a, b) => collator.compare(a.name, b.name));
  const sizeOf = (id: string) => people.filter((one) => one.classes.some((of) => of.id === id)).length;
  return (
    <section aria-labelledby="classes">
      <h2 id="classes" className={styles.heading}>
        {t('classes.title')}
      </h2>
      {sorted.length === 0 && <p className={styles.note}>{t('classes.none')}</p>}
      <div className={styles.chips}>
        {sorted.map((one) => (
          <button
            key={one.id}
            type="button"
            className={styles.chip}
            aria-pressed={chosen === one.id}
            onClick={() => onChoose(chosen === one.id ? '' : one.id)}
          >
            <b aria-hidden="true">{one.name}</b>
            <span aria-hidden="true">{sizeOf(one.id)}</span>
            <i className="visually-hidden">{t('classes.only', { name: one.name, count: sizeOf(one.id) })}</i>
          </button>
        ))}
        <Button icon="plus" look={sorted.length === 0 ? 'bell' : 'quiet'} onClick={() => setAdding(true)}>
          {t('classes.add')}
        </Button>
      </div>
      {adding && <AddClass onClose={() => setAdding(false)} />}
    </section>
  );
}
