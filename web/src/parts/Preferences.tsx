import { useTranslation } from 'react-i18next';
import { Button } from '@/ui/Button.tsx';
import { IconButton } from '@/ui/IconButton.tsx';
import { Menu, MenuChoice } from '@/ui/Menu.tsx';
import { chooseLanguage, type Language } from './language.ts';
import { chooseTheme, type Theme, useTheme } from './theme.ts';

/** The two choices as lines of a menu. */
export function ThemeChoice() {
  const { t } = useTranslation();
  const themes = (['system', 'light', 'dark'] as const).map((value) => ({
    value,
    label: t(`theme.${value}`),
  }));
  return (
    <MenuChoice
      label={t('theme.label')}
      value={useTheme()}
      onChange={(value) => chooseTheme(value as Theme)}
      options={themes}
    />
  );
}

export function LanguageChoice() {
  const { t, i18n } = useTranslation();
  const languages = (['ru', 'en'] as const).map((value) => ({ value, label: t(`language.${value}`) }));
  return (
    <MenuChoice
      label={t('language.label')}
      value={i18n.language}
      onChange={(value) => void chooseLanguage(value as Language)}
      options={languages}
    />
  );
}

/** The choices where nobody is signed in: beside the form, each in its own words. */
export function Preferences() {
  const { t, i18n } = useTranslation();
  const other: Language = i18n.language === 'ru' ? 'en' : 'ru';
  return (
    <div style={{ display: 'flex', alignItems: 'center', gap: 'var(--s1)' }}>
      <Button look="plain" icon="globe" lang={other} onClick={() => void chooseLanguage(other)}>
        {t(`language.${other}`)}
      </Button>
      <Menu trigger={<IconButton icon="moon" label={t('theme.label')} />}>
        <ThemeChoice />
      </Menu>
    </div>
  );
}
