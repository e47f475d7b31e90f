import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Toasts } from '@/ui/Toast.tsx';
import { TooltipProvider } from '@/ui/Tooltip.tsx';
import { queryClient, router } from './router.tsx';

export function App() {
  const { t } = useTranslation();
  return (
    <QueryClientProvider client={queryClient}>
      <TooltipProvider>
        <RouterProvider router={router} />
        <Toasts closeLabel={t('close')} />
      </TooltipProvider>
    </QueryClientProvider>
  );
}
