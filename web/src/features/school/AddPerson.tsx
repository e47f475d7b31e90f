import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask } from '@/api/ask.ts';
import { addPerson } from '@/api/generated/sdk.gen.ts';
import type { Named, NewPerson, Person } from '@/api/generated/types.gen.ts';
import { peopleQuery } from '@/api/queries.ts';
import { problemWords } from '@/parts/problemText.ts';
import { Button } from '@/ui/Button.tsx';
import { Dialog } from '@/ui/Dialog.tsx';
import { Field } from '@/ui/Field.tsx';
import { Select } from '@/ui/Select.tsx';
import { toast } from '@/ui/Toast.tsx';
import styles from './Page.module.css';

const roles = ['student', 'teacher', 'admin'] as const;

interface Props {
  classes: readonly Named[];
  /** The class the list is narrowed to: most likely the one this person is for. */
  classId: string;
  onClose: () => void;
  /** The next thing to do with a new person. */
  onLink: (person: Person) => void;
}

/** Adds one after another: the role and the classes stay for the next. */
export function AddPerson({ classes, classId, onClose, onLink }: Props) {
  const { t } = useTranslation('school');
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const [role, setRole] = useState<NewPerson['role']>('student');
  const [chosen, setChosen] = useState<readonly string[]>(classId ? [classId] : []);
  const [name, setName] = useState('');
  const add = useMutation({
    mutationFn: () => ask(addPerson({ body: { name: name.trim(), role, classIds: [...chosen] } })),
    onSuccess: (person) => {
      void client.invalidateQueries({ queryKey: peopleQuery.queryKey });
      const action = { label: t('link.make'), run: () => onLink(person) };
      toast({ tone: 'good', text: t('add.added', { name: person.name }), action });
      setName('');
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() && !add.isPending) add.mutate();
  };
  const toggle = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return (
    <Dialog open onClose={onClose} title={t('add.open')} text={t('add.text')} closeLabel={common('close')}>
      <form className={styles.form} onSubmit={submit}>
        <Field
          label={t('add.name')}
          hint={t('add.nameHint')}
          error={add.error ? problemWords(add.error, common).title : undefined}
          value={name}
          onChange={(event) => setName(event.target.value)}
          required
          maxLength={200}
          autoComplete="off"
        />
        <Select
          label={t('add.role')}
          value={role}
          onChange={(value) => setRole(value as NewPerson['role'])}
          options={roles.map((value) => ({ value, label: common(`account.${value}`) }))}
        />
        {classes.length > 0 && (
          <fieldset className={styles.checks}>
            <legend>{t('add.classes')}</legend>
            <div className={styles.chips}>
              {classes.map((one) => (
                <button
                  key={one.id}
                  type="button"
                  className={styles.chip}
                  aria-pressed={chosen.includes(one.id)}
                  onClick={() => toggle(one.id)}
                >
                  {one.name}
                </button>
              ))}
            </div>
          </fieldset>
        )}
        <div className={styles.actions}>
          <Button onClick={onClose}>{common('done')}</Button>
          <Button type="submit" look="act" busy={add.isPending}>
            {t('add.go')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
