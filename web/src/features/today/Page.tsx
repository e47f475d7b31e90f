import { useTranslation } from 'react-i18next';

export default function Page() {
  const { t } = useTranslation('today');
  return <main>{t('title')}</main>;
}
